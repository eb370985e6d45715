/**
 * Remembers networks that a person granted to one start's setup at the worker's terminal.
 * Rule: a start's input alone grants nothing, since anybody who starts runs can write one. A grant at the terminal is
 * a file in the state folder, which only the worker's user can make.
 */
import { access, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { digestValue } from '../core/digest.ts';
import type { NetworkGrant } from '../core/egress.ts';

/** A grant: this network for the setup of exactly this start. */
export interface SaidNetwork {
  workflowId: string;
  /** Digest of the start's whole input, which includes the setup's command. Older runs lack it. */
  startDigest?: string | undefined;
  /** As in the start's input. */
  repository: string;
  network: NetworkGrant;
}

/** Stores a person's grant, before the start. */
export async function sayNetwork(stateDir: string, said: SaidNetwork): Promise<void> {
  const folder = folderOf(stateDir);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeFile(join(folder, nameOf(said)), '', { mode: 0o600 });
}

/** Whether a person gave exactly this grant on this machine. */
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
