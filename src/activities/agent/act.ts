/**
 * `act`: runs one allowed call in the agent's workspace and stores its result with its effects as one checkpoint.
 * Rule: only the bytes that were decided on run. The call has had an effect exactly if its checkpoint exists.
 */
import { Context } from '@temporalio/activity';
import type { ActInput, ActOutcome } from '../../core/agent/step.ts';
import { digestCall } from '../../core/digest.ts';
import { mayChange, summarisePaths } from '../../core/paths.ts';
import { taskWords } from '../../core/agent/prompts.ts';
import type { ApplyPatchArguments, ShellArguments } from '../../core/agent/tools.ts';
import { MAX_TIMEOUT_SECONDS } from '../../core/agent/read-call.ts';
import { checkToolCall } from '../../core/agent/tools.ts';
import { escapeForPeople } from '../../core/text/escape.ts';
import { counted } from '../../core/text/lines.ts';
import type { Entry, Sha } from '../../core/transcript.ts';
import { formatCheckpointMessage } from '../../core/transcript.ts';
import { commitTree } from '../../git/write/commit-tree.ts';
import { diffTrees } from '../../git/read/diff-trees.ts';
import { ensureCommit } from '../../git/remote/fetch-commit.ts';
import type { ChainLink } from '../../git/read/read-chain.ts';
import { readLink, readRoot } from '../../git/read/read-chain.ts';
import type { Store } from '../../git/store.ts';
import { treeOf } from '../../git/objects/tree-of.ts';
import { applyPatchCommand } from '../../sandbox/programs/apply-patch.ts';
import type { CommandRequest, CommandResult } from '../../sandbox/command/request.ts';
import type { Workspace } from '../../sandbox/workspace/workspaces.ts';
import { advanceRef, findPosition, classifyByKey, runRef } from '../attempt/chain.ts';
import type { ActivityContext } from '../attempt/context.ts';
import { storeOf } from '../attempt/context.ts';
import type { WorkspaceActivities } from '../attempt/contract.ts';
import { fail } from '../attempt/failures.ts';
import { contentFor } from '../attempt/lfs.ts';
import type { Found } from '../attempt/look-at-effects.ts';
import { findFreshEffects } from '../attempt/look-at-effects.ts';
import type { Screen } from '../attempt/heartbeats.ts';
import { withHeartbeats } from '../attempt/heartbeats.ts';
import { LiveStage } from '../attempt/live-output.ts';
import { checkCall, checkSetup } from '../attempt/warrant.ts';

/** Time limit of a command that names none, in seconds; enough for the tests of a usual project. */
const DEFAULT_TIMEOUT_SECONDS = 600;
/** Most paths outside the task that a decision lists; more are summarised as their folders. */
const MAX_OUTSIDE = 20;
/** Most files that a note about a stale setup names. */
const MAX_STALE = 5;
/** Reasons for leaving files out of a checkpoint that are normal, so the model is not told of them. */
const USUAL: readonly string[] = ['ignored', 'empty folders'];
const BY_CHECK = 'what this check wrote';
const PUT_BACK = 'the disk was full: all files are back as they were before this call';

type RunnableTool = 'shell' | 'apply_patch';

export function createAct(context: ActivityContext): WorkspaceActivities['act'] {
  return (input) =>
    withHeartbeats(async (signal, _, screen) => {
      const store = await storeOf(context, input.repository);
      const ref = runRef('agents');
      await ensureCommit(store, { commit: input.head, ref });
      const place = await findPosition(store, ref, input.head, classifyByKey(input.key));
      if (place.done) return await readOutcome(context, store, input, place.done);
      const link = await actOnce(context, store, input, { signal, screen });
      await advanceRef(store, ref, link.commit, place.at);
      return await readOutcome(context, store, input, link);
    }, input);
}

async function actOnce(
  context: ActivityContext,
  store: Store,
  input: ActInput,
  { signal, screen }: { signal: AbortSignal; screen: Screen },
): Promise<ChainLink> {
  const { tool, ...command } = await readCommand(context, store, input);
  screen.show(new LiveStage('files'));
  await checkSetup(context, store, { ...input, isAct: true });
  const content = await contentFor(context, store, { ...input, isAct: true }, signal);
  const workspace = await context.workspaces.open({
    id: Context.current().info.workflowExecution?.workflowId ?? 'unknown',
    store,
    base: input.base,
    names: input.names,
    ...content,
    commit: input.head,
    ...(input.setup ? { setup: { ...input.setup, signal } } : {}),
  });
  const live = new LiveStage('command', { command: describeCommand(command), limitMs: command.timeoutMs });
  screen.show(live);
  const result = await workspace.run({ ...command, signal, onOutput: (chunk) => live.write(chunk) });
  screen.show(new LiveStage('store'));
  if (result.outcome === 'cancelled') throw signal.reason ?? new Error('cancelled');
  const end = describeEnd(result);
  let entry: Extract<Entry, { kind: 'act' }> | undefined;
  const subject = `${input.key.replace('act/', '')} ${describeCommand(command)} → ${end}`;
  const stale = describeStale(workspace.staleSetup);
  const message = (leftOut: Record<string, number>, said: string[]): string => {
    const notes = [...said, ...describeTimeout(result, command), ...stale];
    entry = toEntry({ ...input, tool }, { result, end, leftOut, notes });
    return formatCheckpointMessage(subject, entry);
  };
  const putBack = async (leftOut: Record<string, number>, said: string[]): Promise<{ commit: Sha; tree: Sha }> =>
    await commitUnchanged(store, input.head, message(leftOut, said));
  // On a full disk any file may be cut short, so the next call starts from the files as they were before this one.
  const make = async (): Promise<{ commit: Sha; tree: Sha }> => {
    if (result.outcome === 'disk-full') return await putBack({}, [PUT_BACK]);
    const made = await workspace.checkpoint({
      parent: input.head,
      message: ({ leftOut, notes }) => message(leftOut, [...describeLeftOut(leftOut), ...notes]),
      artefacts: { more: input.artefacts ?? [], named: input.paths },
    });
    if (!input.checks?.includes(describeCommand(command).trim())) return made;
    // A check only reports: what it wrote is put back, as `runChecks` does when it gathers evidence.
    const written = await diffTrees(store, { from: input.head, to: made.commit });
    if (written.length === 0) return made;
    const leftOut = { ...made.leftOut, [BY_CHECK]: written.length };
    return await putBack(leftOut, [...describeLeftOut(leftOut), ...made.notes]);
  };
  const { commit, tree } = await make();
  return { commit, tree, parent: input.head, subject, message: '', author: { name: '', email: '', date: '' }, entry };
}

async function commitUnchanged(store: Store, parent: Sha, message: string): Promise<{ commit: Sha; tree: Sha }> {
  const tree = await treeOf(store, parent);
  return { commit: await commitTree(store, { tree, parents: [parent], message }), tree };
}

/** Tells the model which files are not in the checkpoint, except for the usual reasons. */
function describeLeftOut(leftOut: Record<string, number>): string[] {
  const news = Object.entries(leftOut).filter(([reason]) => !USUAL.includes(reason));
  return news.length === 0
    ? []
    : [
        `not in the checkpoint: ${news.map(([reason, count]) => `${reason} (${count.toLocaleString('en')})`).join(', ')}`,
      ];
}

/** Tells the model which limit ended its command, and how far it can go. */
function describeTimeout({ outcome }: CommandResult, { timeoutMs }: CommandRequest): string[] {
  const most = `timeoutSeconds may be up to ${MAX_TIMEOUT_SECONDS}`;
  return outcome === 'timed-out' ? [`ended by its limit of ${counted(timeoutMs / 1000, 'second')}; ${most}`] : [];
}

function describeStale(stale: Workspace['staleSetup']): string[] {
  if (!stale) return [];
  const paths = stale.paths.slice(0, MAX_STALE).join(', ');
  return [`setup did not run again, though these changed since: ${paths} (${stale.reason})`];
}

/** The command of the call in the head's checkpoint, after comparing its bytes with those that were decided on. */
async function readCommand(
  context: ActivityContext,
  store: Store,
  input: ActInput,
): Promise<CommandRequest & { tool: RunnableTool }> {
  const { entry } = await readLink(store, input.head);
  const call = entry?.items.find((item) => item.kind === 'call' && item.callId === input.callId);
  if (call?.kind !== 'call')
    throw fail(
      'DigestMismatch',
      `the call does not run: checkpoint ${input.head.slice(0, 10)} has no call ${input.callId}`,
    );
  if (digestCall(call) !== input.digest) {
    throw fail('DigestMismatch', `call ${input.callId} does not run: its digest is not the one that was decided on`);
  }
  const check = checkToolCall(input.profile, call.tool, call.arguments);
  if (check.kind !== 'ok') throw fail('DigestMismatch', check.kind === 'bad' ? check.problem : check.answer);
  await checkCall(context, store, { input, call });
  const profile = input.profile === 'plan' ? 'read-only' : 'workspace';
  const shared = { profile, network: false } as const;
  if (check.tool === 'apply_patch') {
    const { patch } = check.arguments as ApplyPatchArguments;
    return { ...shared, tool: check.tool, ...applyPatchCommand(patch), timeoutMs: DEFAULT_TIMEOUT_SECONDS * 1000 };
  }
  if (check.tool !== 'shell') throw fail('DigestMismatch', `${check.tool} is not a call that runs`);
  const { command, timeoutSeconds } = check.arguments as ShellArguments;
  return { ...shared, tool: check.tool, command, timeoutMs: (timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS) * 1000 };
}

function describeCommand({ command }: CommandRequest): string {
  return typeof command === 'string' ? command : 'apply_patch';
}

function describeEnd(result: CommandResult): string {
  if (result.outcome !== 'exited') return result.outcome.replaceAll('-', ' ');
  return result.signal ?? `exit status ${result.exitCode ?? 'none'}`;
}

function toEntry(
  input: ActInput & { tool: RunnableTool },
  ended: { result: CommandResult; end: string; leftOut: Record<string, number>; notes: readonly string[] },
): Extract<Entry, { kind: 'act' }> {
  const { result, end, leftOut, notes } = ended;
  const lines = notes.map((note) => `[${escapeForPeople(note)}]`);
  return {
    v: 1,
    kind: 'act',
    key: input.key,
    callId: input.callId,
    tool: input.tool,
    exitCode: result.exitCode,
    signal: result.outcome === 'exited' ? result.signal : result.outcome.replaceAll('-', ' '),
    durationMs: result.durationMs,
    outputBytes: result.outputBytes,
    isolation: result.isolation,
    decision: { by: input.decision.by, digest: input.digest },
    items: [{ kind: 'result', callId: input.callId, output: [`${end}\n${result.output}`, ...lines].join('\n') }],
    leftOut,
  };
}

/** Reads an act's checkpoint and returns its small facts for the workflow. */
async function readOutcome(
  context: ActivityContext,
  store: Store,
  input: ActInput,
  link: ChainLink,
): Promise<ActOutcome> {
  const { entry } = link;
  if (entry?.kind !== 'act') throw new Error(`${link.commit} is not an act`);
  const outside = await listOutside(store, input, link.commit);
  const { findings, more } = await findLeft(store, input, link);
  return {
    head: link.commit,
    exitCode: entry.exitCode,
    signal: entry.signal,
    outputBytes: entry.outputBytes,
    durationMs: entry.durationMs,
    isolation: entry.isolation,
    outside: summarisePaths(outside, MAX_OUTSIDE),
    ...(findings.length > 0 ? { findings } : {}),
    ...(more > 0 ? { moreFindings: more } : {}),
    host: context.host,
  };
}

/**
 * Paths that the act changed and the agent may not change. A path that is back to its state at the start is not listed.
 */
async function listOutside(store: Store, { start, head, paths, protection }: ActInput, commit: Sha): Promise<string[]> {
  const { paths: barred, allowed } = protection ?? { paths: [], allowed: [] };
  const own = (await diffTrees(store, { from: head, to: commit })).map(({ path }) => path);
  const outside = own.filter((path) => !mayChange(path, { paths, barred, allowed }));
  if (outside.length === 0) return [];
  const standing = new Set((await diffTrees(store, { from: start, to: commit })).map(({ path }) => path));
  return outside.filter((path) => standing.has(path));
}

/** Findings in what this act changed. */
async function findLeft(store: Store, input: ActInput, link: ChainLink): Promise<Found> {
  const { start, head, paths, limits, protection } = input;
  if (input.profile === 'plan' || link.tree === (await treeOf(store, head))) return { findings: [], more: 0 };
  const root = await readRoot(store, link.commit);
  const task = taskWords(root?.items ?? []);
  const protects = protection?.paths ?? [];
  const context = { paths, task, protects, ...(limits ? { limits } : {}) };
  return await findFreshEffects(store, { from: start, before: head, to: link.commit }, context);
}
