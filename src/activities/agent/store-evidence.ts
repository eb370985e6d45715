/**
 * Stores the results of checks in the hub: a child of the commit that was judged, with the same tree. Its message holds
 * the results as JSON, then the outputs.
 * Rule: an evidence commit has the tree that it is about. Its ref contains its own commit id, so each attempt writes
 * its own ref, and an attempt that was frozen and continues late overwrites nothing.
 */
import { Context } from '@temporalio/activity';
import { escapeForPeople, safeJson } from '../../core/text/escape.ts';
import { z } from 'zod';
import type { Runs } from '../../core/compare-output.ts';
import type { Evidence } from '../../core/evidence.ts';
import type { Sha } from '../../core/transcript.ts';
import { shaSchema } from '../../core/transcript.ts';
import { commitTree } from '../../git/write/commit-tree.ts';
import { moveRef } from '../../git/remote/move-ref.ts';
import type { Store } from '../../git/store.ts';
import { ownWorkflowId, refBeside } from '../attempt/chain.ts';

/** Most characters stored of all outputs together. */
const MAX_LOG_CHARACTERS = 512 * 1024;

/** Writes the evidence with its outputs, and returns it with `log`, the commit that holds both. */
export async function storeEvidence(
  store: Store,
  judged: { commit: Sha; tree: Sha },
  results: readonly { evidence: Evidence; output: string }[],
): Promise<Evidence[]> {
  const all = results.map(({ evidence }) => evidence);
  const green = all.filter((one) => one.green).length;
  const logs = results.map(({ evidence, output }) => `$ ${evidence.command}\n${output.trimEnd()}\n`).join('\n');
  const subject = `evidence: ${green} of ${all.length} green on ${judged.commit.slice(0, 10)}`;
  const message = `${subject}\n\n${safeJson(all)}\n\n${escapeForPeople(logs.slice(0, MAX_LOG_CHARACTERS))}\n`;
  const log = await commitTree(store, { tree: judged.tree, parents: [judged.commit], message });
  const kind = Context.current().info.workflowType === 'agent' ? 'agents' : 'refactors';
  const ref = evidenceRef(kind, ownWorkflowId(), { commit: judged.commit, log });
  await moveRef(store, { ref, to: log, from: null });
  return all.map((one) => ({ ...one, log }));
}

/** Reads the exit codes and outputs of each run of a check from the message of an evidence commit. */
export function readRuns(message: string, command: string): Runs {
  const stored = readEvidence(message);
  const outputs: string[] = [];
  let at = message.indexOf('\n\n', message.indexOf('\n\n') + 2) + 2;
  for (const [index, { command: of }] of stored.entries()) {
    at += escapeForPeople(`$ ${of}\n`).length;
    const next = stored[index + 1];
    const found = next ? message.indexOf(`\n\n${escapeForPeople(`$ ${next.command}\n`)}`, at - 1) : -1;
    const end = found < 0 ? message.length : found;
    if (of === command) outputs.push(message.slice(at, end));
    at = end + 2;
  }
  return { exitCodes: stored.filter((one) => one.command === command).map(({ exitCode = null }) => exitCode), outputs };
}

/** The ref of an evidence commit: in the folder of its workflow's refs, so it is removed with them. */
export function evidenceRef(
  kind: 'agents' | 'refactors',
  workflow: string,
  { commit, log }: { commit: Sha; log: Sha },
): string {
  return refBeside(kind, workflow, `evidence-${commit.slice(0, 16)}-${log.slice(0, 16)}`);
}

/** The ref of evidence from before 0.2.0, which each attempt overwrote. */
export function formerEvidenceRef(kind: 'agents' | 'refactors', workflow: string, commit: Sha): string {
  return refBeside(kind, workflow, `evidence-${commit.slice(0, 16)}`);
}

const storedSchema = z.array(
  z.object({
    command: z.string(),
    green: z.boolean(),
    commit: shaSchema,
    tree: shaSchema,
    outputDigest: z.string(),
    exitCode: z.number().nullable().optional(),
    before: z.object({ isSame: z.boolean() }).optional(),
  }),
);

/** The evidence in a commit's message; empty where the message holds none. */
export function readEvidence(message: string): z.infer<typeof storedSchema> {
  try {
    return storedSchema.parse(JSON.parse(message.split('\n', 3)[2] ?? ''));
  } catch {
    return [];
  }
}
