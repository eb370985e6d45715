/**
 * Keeps what checks said in the hub: one commit on the commit that was judged, with that very tree, results as JSON and
 * the outputs below.
 * Rule: evidence names the tree that it is about by being a commit of it, and its ref is named by that commit: each
 * attempt has its own, so that one which was frozen and goes on late changes nothing.
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

/** What is kept of all outputs of one judgement. */
const MAX_LOG_CHARACTERS = 512 * 1024;

/** Writes the evidence with its outputs, and gives it with the commit that has them. */
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

/** What a check said in each of its runs, as the message of the commit that keeps its evidence has it. */
export function readRuns(message: string, command: string): Runs {
  const kept = readEvidence(message);
  const outputs: string[] = [];
  let at = message.indexOf('\n\n', message.indexOf('\n\n') + 2) + 2;
  for (const [index, { command: of }] of kept.entries()) {
    at += escapeForPeople(`$ ${of}\n`).length;
    const next = kept[index + 1];
    const found = next ? message.indexOf(`\n\n${escapeForPeople(`$ ${next.command}\n`)}`, at - 1) : -1;
    const end = found < 0 ? message.length : found;
    if (of === command) outputs.push(message.slice(at, end));
    at = end + 2;
  }
  return { exitCodes: kept.filter((one) => one.command === command).map(({ exitCode = null }) => exitCode), outputs };
}

/** Beside the refs of the runs that it belongs to, so that it is kept and removed with them. */
export function evidenceRef(
  kind: 'agents' | 'refactors',
  workflow: string,
  { commit, log }: { commit: Sha; log: Sha },
): string {
  return refBeside(kind, workflow, `evidence-${commit.slice(0, 16)}-${log.slice(0, 16)}`);
}

/** Where evidence of before it was named by its own commit is: what was written last. */
export function formerEvidenceRef(kind: 'agents' | 'refactors', workflow: string, commit: Sha): string {
  return refBeside(kind, workflow, `evidence-${commit.slice(0, 16)}`);
}

const keptSchema = z.array(
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

/** The evidence in the message of a commit that keeps some; none where it keeps none. */
export function readEvidence(message: string): z.infer<typeof keptSchema> {
  try {
    return keptSchema.parse(JSON.parse(message.split('\n', 3)[2] ?? ''));
  } catch {
    return [];
  }
}
