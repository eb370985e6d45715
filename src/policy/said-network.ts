/**
 * Who may open the network for a setup by a run's own input: a person at the worker's machine, or the worker's
 * configuration.
 * Rule: an input by itself proves nobody, since whoever can start runs can write one; what was said at the terminal is
 * a file in the state folder, which only its user can make.
 */
import { access, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { digestValue } from '../core/digest.ts';
import type { NetworkGrant } from '../core/egress.ts';

/** What was said: this network for the setup of this start, and of no other. */
export interface SaidNetwork {
  workflowId: string;
  /** Of the start's whole input: what the setup runs is in it. Left out by runs from before it was compared. */
  startDigest?: string | undefined;
  /** As the start's input names it. */
  repository: string;
  network: NetworkGrant;
}

/** Keeps what a person said at the terminal, before the start. */
export async function sayNetwork(stateDir: string, said: SaidNetwork): Promise<void> {
  const folder = folderOf(stateDir);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeFile(join(folder, nameOf(said)), '', { mode: 0o600 });
}

/** Whether a person said just this at the terminal of this machine. */
export async function wasSaid(stateDir: string, said: SaidNetwork): Promise<boolean> {
  return await access(join(folderOf(stateDir), nameOf(said))).then(
    () => true,
    () => false,
  );
}

const folderOf = (stateDir: string): string => join(stateDir, 'said');

function nameOf({ workflowId, startDigest, repository, network }: SaidNetwork): string {
  return digestValue({ workflowId, startDigest, repository, network });
}
