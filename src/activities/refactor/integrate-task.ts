/**
 * `integrateTask`: merges a finished task into the refactor's integration branch (`line`): one commit, or several where
 * a person took the wheel and committed between the agent's steps.
 * Rule: the merge works on trees in the object store, without a work tree, and reports every conflict. No commit of the
 * integration branch contains what people left out of the result.
 */
import type { Finding } from '../../core/effects/findings.ts';
import { gateFindings, findingKey } from '../../core/effects/findings.ts';
import { clipFindings, listPermittedKeys } from '../../core/effects/group-findings.ts';
import type { IntegrateInput, IntegrateOutcome } from '../../core/refactor/exchange.ts';
import { mayChange, summarisePaths } from '../../core/paths.ts';
import { taskWords } from '../../core/agent/prompts.ts';
import type { Sha } from '../../core/transcript.ts';
import type { Author } from '../../git/write/commit-tree.ts';
import { commitTree } from '../../git/write/commit-tree.ts';
import { diffTrees } from '../../git/read/diff-trees.ts';
import { ensureCommit } from '../../git/remote/fetch-commit.ts';
import { mergeCommits } from '../../git/write/merge-commits.ts';
import { readChain, readRoot } from '../../git/read/read-chain.ts';
import { readRef } from '../../git/remote/read-ref.ts';
import type { Store } from '../../git/store.ts';
import { treeOf } from '../../git/objects/tree-of.ts';
import { putBack } from '../../git/write/tree-with.ts';
import type { VerifiedPermits } from './agent-result.ts';
import { findMoreSpend, findUntruth, verifyPermits } from './agent-result.ts';
import { advanceRef, ownWorkflowId, runRef } from '../attempt/chain.ts';
import { storeConflict } from '../attempt/conflict-tree.ts';
import type { ActivityContext } from '../attempt/context.ts';
import { storeOf } from '../attempt/context.ts';
import type { ControlActivities } from '../attempt/contract.ts';
import { fail } from '../attempt/failures.ts';
import { findEffects, listEffects, listFreshEffects } from '../attempt/look-at-effects.ts';
import { withHeartbeats } from '../attempt/heartbeats.ts';

/** Most paths outside the task that a decision lists; more are summarised as their folders. */
const MAX_OUTSIDE = 20;

/** One commit to make on the integration branch: the task's tree at that point, and the person if it is their work. */
interface Part {
  tree: Sha;
  message: string;
  author?: Author;
}

export function createIntegrateTask(context: ActivityContext): ControlActivities['integrateTask'] {
  return (input) =>
    withHeartbeats(async () => {
      const store = await storeOf(context, input.repository);
      for (const commit of [input.line, input.start, input.head]) await ensureCommit(store, { commit });
      const ref = runRef('refactors');
      const trailer = `Coxswain-Key: ${input.key}`;
      const at = await readRef(store, ref);
      if (at && at !== input.line) {
        // If an attempt on another host moved the ref, only the hub has that commit.
        await ensureCommit(store, { commit: at, ref });
        const last = (await readChain(store, { base: input.line, head: at })).at(-1);
        if (last?.message.includes(`${trailer}\n`)) return await describeMerge(store, input, at);
        throw fail(
          'Superseded',
          `the task is not integrated: ${ref} is at ${at.slice(0, 10)}, not at ${input.line.slice(0, 10)}`,
        );
      }
      const reason = await findUntruth(store, input);
      if (reason !== undefined) return { kind: 'untrue', reason };
      const kept = await verifyPermits(context, store, input);
      const result = await openResult(store, input, kept?.leftOut ?? []);
      const overreach = kept && (await findOverreach(store, result, kept));
      if (overreach) return overreach;
      const merged = await mergeTask(store, result);
      if (merged.kind === 'conflict')
        await storeConflict(store, { refactor: ownWorkflowId(), line: input.line, ...merged });
      if (merged.kind === 'unchanged') return await withSpend(store, input, merged);
      if (merged.kind !== 'clean') return merged;
      const line = await commitParts(store, result, merged.tree, trailer);
      await advanceRef(store, ref, line, at);
      return await describeMerge(store, input, line);
    });
}

/** The input with the tree to merge: the head's, without the paths that people left out. */
interface Result extends IntegrateInput {
  tree: Sha;
  leftOut: readonly string[];
}

async function openResult(store: Store, input: IntegrateInput, leftOut: readonly string[]): Promise<Result> {
  const tree = await putBack(store, { head: input.head, from: input.start, paths: leftOut });
  return { ...input, tree, leftOut };
}

type Merged = { kind: 'clean'; tree: Sha } | Exclude<IntegrateOutcome, { kind: 'merged' | 'outside' | 'untrue' }>;

async function mergeTask(store: Store, { line, start, tree }: Result): Promise<Merged> {
  const [lineTree, startTree] = [await treeOf(store, line), await treeOf(store, start)];
  if (tree === startTree) return { kind: 'unchanged' };
  const merge = await mergeTrees(store, { base: startTree, ours: lineTree, theirs: tree });
  if (merge.kind === 'conflict') return merge;
  return merge.tree === lineTree ? { kind: 'unchanged' } : merge;
}

/** Merges two trees with a given base. git 2.39 takes no base, so the base becomes a common parent that git finds. */
async function mergeTrees(
  store: Store,
  { base, ours, theirs }: { base: Sha; ours: Sha; theirs: Sha },
): Promise<{ kind: 'clean'; tree: Sha } | { kind: 'conflict'; tree: Sha; files: string[] }> {
  if (ours === base) return { kind: 'clean', tree: theirs };
  const message = 'for a merge\n';
  const root = await commitTree(store, { tree: base, parents: [], message });
  const [one, other] = [
    await commitTree(store, { tree: ours, parents: [root], message }),
    await commitTree(store, { tree: theirs, parents: [root], message }),
  ];
  return await mergeCommits(store, { ours: one, theirs: other });
}

/** Makes the task's commits on the integration branch; the last one has the merged tree and the key. */
async function commitParts(store: Store, input: Result, merged: Sha, trailer: string): Promise<Sha> {
  const parts = await readParts(store, input);
  const placed = await placeParts(store, input, parts);
  const persons = parts.flatMap(({ author }) => (author ? [`Co-authored-by: ${author.name} <${author.email}>\n`] : []));
  if (!placed) {
    const message = `${input.message}${[...new Set(persons)].join('')}${trailer}\n`;
    return await commitTree(store, { tree: merged, parents: [input.line], message });
  }
  let line = input.line;
  for (const [index, part] of placed.entries()) {
    const isLast = index === placed.length - 1;
    const { tree, message, author } = isLast ? { ...part, tree: merged } : part;
    const text = isLast ? `${message}${trailer}\n` : message;
    line = await commitTree(store, { tree, parents: [line], message: text, ...(author ? { author } : {}) });
  }
  return line;
}

/** The task's work in order: each stretch of the agent's work, and each commit of a person between them. */
async function readParts(store: Store, input: Result): Promise<Part[]> {
  const parts: Part[] = [];
  let tree = await treeOf(store, input.start);
  const add = async (part: Part): Promise<void> => {
    const kept = await putBack(store, { head: part.tree, from: input.start, paths: input.leftOut });
    if (kept !== tree) parts.push({ ...part, tree: kept });
    tree = kept;
  };
  const chain = await readChain(store, { base: input.start, head: input.head });
  for (const [index, { entry, parent }] of chain.entries()) {
    const wheel = entry?.kind === 'think' ? entry.wheel : undefined;
    if (!wheel || !parent) continue;
    const before = chain[index - 1];
    if (before) await add({ tree: before.tree, message: input.message });
    const trailers = input.message.slice(input.message.indexOf('\nCoxswain-Refactor: ') + 1);
    for (const link of await readChain(store, { base: parent, head: wheel })) {
      const message = `${link.message.trimEnd()}\n\n${trailers}`;
      await add({ tree: link.tree, message, author: link.author });
    }
  }
  await add({ tree: input.tree, message: input.message });
  return parts;
}

/**
 * The parts with their trees on the integration branch; undefined where one part conflicts although the whole does not.
 */
async function placeParts(store: Store, input: IntegrateInput, parts: readonly Part[]): Promise<Part[] | undefined> {
  const placed: Part[] = [];
  let base = await treeOf(store, input.start);
  let ours = await treeOf(store, input.line);
  for (const part of parts) {
    const merge = await mergeTrees(store, { base, ours, theirs: part.tree });
    if (merge.kind === 'conflict') return undefined;
    if (merge.tree !== ours) placed.push({ ...part, tree: merge.tree });
    base = part.tree;
    ours = merge.tree;
  }
  return placed.length === 0 ? undefined : placed;
}

/** Changes that the task may not keep. Each act was checked already; this is the last check before the merge. */
async function findOverreach(
  store: Store,
  { start, head, tree }: Result,
  { keeps, leftOut }: VerifiedPermits,
): Promise<Extract<IntegrateOutcome, { kind: 'outside' }> | undefined> {
  const { paths, barred, allowed } = keeps;
  // Look at exactly what would be merged. The detectors compare commits, so the tree becomes one.
  const to = leftOut.length === 0 ? head : await commitTree(store, { tree, parents: [start], message: 'a part\n' });
  const outside = (await diffTrees(store, { from: start, to })).filter(({ path }) => !mayChange(path, keeps));
  const root = await readRoot(store, head);
  // The same words of the task as for its acts: a change that was not asked about then is not asked about now.
  const task = taskWords(root?.items ?? []);
  const context = {
    paths: [...paths, ...allowed],
    task,
    protects: barred,
    ...(keeps.limits ? { limits: keeps.limits } : {}),
  };
  const findings = await findUnkept(store, { from: start, head, to }, context, keeps);
  if (outside.length === 0 && findings.length === 0) return undefined;
  return {
    kind: 'outside',
    paths: summarisePaths(
      outside.map(({ path }) => path),
      MAX_OUTSIDE,
    ),
    findings,
  };
}

/**
 * Findings that no person let the task keep; paths outside the task are compared by their bytes. `to` is the head, or
 * the head without what people left out.
 */
async function findUnkept(
  store: Store,
  { from, head, to }: { from: Sha; head: Sha; to: Sha },
  context: Parameters<typeof listEffects>[3],
  { effects }: VerifiedPermits['keeps'],
): Promise<Finding[]> {
  const findings = await listEffects(store, from, to, context);
  const outside = findings.filter(({ kind }) => kind === 'outside-paths');
  if (!effects) return clipFindings(outside).findings;
  const others = findings.filter(({ kind, risk }) => kind !== 'outside-paths' && risk !== 'low');
  const kept = new Set(effects.kept);
  const listAsked = (): Finding[] => {
    const known = listPermittedKeys(others, kept);
    return gateFindings(
      others.filter((one) => !known.has(findingKey(one))),
      effects.rules,
    ).about;
  };
  // A permit for many findings at once is recognised only by all of them together, as they were shown: for the whole
  // result, or after one act.
  if (kept.size > 0 && head !== to && listAsked().length > 0) {
    const all = (await listEffects(store, from, head, context)).filter(({ risk }) => risk !== 'low');
    for (const key of listPermittedKeys(all, kept)) kept.add(key);
  }
  if (kept.size > 0 && listAsked().length > 0)
    for (const link of await readChain(store, { base: from, head })) {
      if (link.entry?.kind !== 'act' || link.parent === null) continue;
      const own = await listFreshEffects(store, { from, before: link.parent, to: link.commit }, context);
      for (const key of listPermittedKeys(own, kept)) kept.add(key);
    }
  return clipFindings([...outside, ...listAsked()]).findings;
}

/** Adds to an outcome what the agent used, if the agent reported less. */
async function withSpend<T extends object>(store: Store, input: IntegrateInput, outcome: T): Promise<T> {
  const took = await findMoreSpend(store, input);
  return took ? { ...outcome, took } : outcome;
}

async function describeMerge(store: Store, input: IntegrateInput, line: Sha): Promise<IntegrateOutcome> {
  const changed = await diffTrees(store, { from: input.line, to: line });
  const what = { kind: 'merged' as const, line, tree: await treeOf(store, line), changed: changed.length };
  const merged = await withSpend(store, input, what);
  const { whole } = input;
  if (!whole) return merged;
  await ensureCommit(store, { commit: whole.base });
  const { findings, more } = await findEffects(store, whole.base, line, whole);
  return { ...merged, findings, ...(more > 0 ? { moreFindings: more } : {}) };
}
