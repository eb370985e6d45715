/**
 * `think`: one model call on a chain. Its response becomes a checkpoint before anything acts on it.
 * Rule: a stored response is never asked for again; the returned facts are read from the checkpoint.
 */
import { Context } from '@temporalio/activity';
import { RESERVED_OUTPUT_TOKENS } from '../../core/agent/output-room.ts';
import type { ThinkInput, ThinkOutcome } from '../../core/agent/step.ts';
import { estimateTokens } from '../../core/agent/compaction.ts';
import { closeOpenCalls, steerText } from '../../core/agent/prompts.ts';
import { harmless } from '../../core/text/harmless.ts';
import { clip } from '../../core/text/lines.ts';
import type { Entry, Item, Sha } from '../../core/transcript.ts';
import { readConversation } from '../../core/transcript.ts';
import { diffStat } from '../../git/read/diff-stat.ts';
import { ensureCommit } from '../../git/remote/fetch-commit.ts';
import type { ChainLink } from '../../git/read/read-chain.ts';
import { readChain, readLink } from '../../git/read/read-chain.ts';
import type { Store } from '../../git/store.ts';
import { ensureOwnCommit } from '../../git/remote/own-commit.ts';
import { treeOf } from '../../git/objects/tree-of.ts';
import { putBack } from '../../git/write/tree-with.ts';
import type { Model, ModelResponse } from '../../model/call-model.ts';
import { ModelFailure } from '../../model/model-failure.ts';
import { refFolder } from '../../git/ref-name.ts';
import { advanceRef, ownWorkflowId, runRef, writeEntry } from '../attempt/chain.ts';
import type { CallOptions } from './compact.ts';
import { describeCompaction, findThinkPosition, isTooLong, writeCompaction } from './compact.ts';
import type { ActivityContext } from '../attempt/context.ts';
import { storeOf } from '../attempt/context.ts';
import type { ModelActivities } from '../attempt/contract.ts';
import { fail } from '../attempt/failures.ts';
import { countLost, endResponseWhenCut, rememberResponse, rememberCost } from './remember-response.ts';
import { withHeartbeats } from '../attempt/heartbeats.ts';
import { showCalls } from './show-calls.ts';
import { propose } from '../attempt/propose.ts';

/** After this long the ref is read again: the worker may have been frozen while another attempt stored a response. */
const STALE_LOOK_MS = 5000;

export function createThink(context: ActivityContext): ModelActivities['think'] {
  return (input) =>
    withHeartbeats(async (signal, memory, screen) => {
      const store = await storeOf(context, input.repository);
      const how = (key: string): CallOptions => ({
        signal,
        background: rememberResponse(memory, key, input.background),
      });
      const lost = countLost(memory, Context.current().info.attempt);
      const { isAdopted, ...outcome } = await endResponseWhenCut(context.model, memory, async () =>
        rememberCost(showCalls(context.model, screen), memory, async (model) => await think(model, store, input, how)),
      );
      // The attempt whose stored response is adopted now did not lose it.
      const uncounted = Math.max(0, lost - (isAdopted ? 1 : 0));
      return { ...outcome, ...(uncounted > 0 ? { lost: uncounted } : {}) };
    }, input);
}

async function think(
  model: Model,
  store: Store,
  input: ThinkInput,
  how: (key: string) => CallOptions,
): Promise<ThinkOutcome & { isAdopted: boolean }> {
  const ref = runRef('agents');
  await ensureCommit(store, { commit: input.head, ref });
  const lookedAt = performance.now();
  const place = await findThinkPosition(store, ref, input);
  if (place.done) return { ...(await readOutcome(store, input, place.done)), isAdopted: true };
  let { head, at } = place;
  for (;;) {
    const talk = await readTalk(store, input, head);
    // An earlier attempt that was frozen may wake up and store its response at any moment.
    const isRetry = Context.current().info.attempt > 1;
    if ((isRetry || performance.now() - lookedAt > STALE_LOOK_MS) && head === place.head) {
      const again = await findThinkPosition(store, ref, input);
      if (again.done) return { ...(await readOutcome(store, input, again.done)), isAdopted: true };
    }
    const response = await ask(model, input, talk, how(input.key));
    if (response !== 'too-long') {
      const link = await writeResponse(store, input, talk, response);
      await advanceRef(store, ref, link.commit, at);
      return { ...(await readOutcome(store, input, link)), isAdopted: false };
    }
    const compaction = await writeCompaction(model, store, { key: input.key, head }, talk.entries, how);
    await advanceRef(store, ref, compaction, at);
    [head, at] = [compaction, compaction];
  }
}

/** The conversation so far, the new items of this call, and the tree of the new checkpoint. */
interface Talk {
  head: Sha;
  root: Sha;
  instructions: string;
  entries: Entry[];
  fresh: Item[];
  tree: Sha;
}

async function readTalk(store: Store, input: ThinkInput, head: Sha): Promise<Talk> {
  const chain = await readChain(store, { base: input.start, head });
  const [root] = chain;
  if (root?.entry?.kind !== 'start')
    throw fail('GitFailed', `the chain of ${head.slice(0, 10)} has no root with the agent's instructions`);
  const entries = chain.flatMap(({ entry }) => entry ?? []);
  const fresh: Item[] = closeOpenCalls(readConversation(entries), input.results);
  for (const steer of input.steers) fresh.push({ kind: 'user', text: steerText(steer) });
  for (const text of input.nudges) fresh.push({ kind: 'user', text });
  const { tree, told } = await chooseTree(store, input);
  fresh.push(...told);
  return { head, root: root.commit, instructions: root.entry.instructions, entries, fresh, tree };
}

/** The model's response; `too-long` where the conversation has to be compacted first, at most once for each think. */
async function ask(
  model: Model,
  input: ThinkInput,
  { head, root, instructions, entries, fresh }: Talk,
  how: CallOptions,
): Promise<ModelResponse | 'too-long'> {
  const isCompacted = head !== input.head;
  if (!isCompacted && isTooLong(model, entries, fresh)) return 'too-long';
  try {
    return await model.call({
      instructions,
      items: [...readConversation(entries), ...fresh],
      profile: input.profile,
      cacheKey: root.slice(0, 32),
      maxOutputTokens: fitOutput(model, input, entries, fresh),
      ...how,
    });
  } catch (error) {
    if (!(error instanceof ModelFailure) || error.kind !== 'context-too-long') throw error;
    if (isCompacted)
      throw fail('ContextTooLong', `the conversation does not fit the model even after compaction: ${error.message}`);
    return 'too-long';
  }
}

/** The room for the response that budget and model have. */
function fitOutput(model: Model, input: ThinkInput, entries: readonly Entry[], fresh: readonly Item[]): number {
  const room = input.maxOutputTokens ?? RESERVED_OUTPUT_TOKENS;
  if (model.contextTokens === undefined) return room;
  const left = model.contextTokens - estimateTokens(entries, fresh);
  return Math.min(room, Math.max(RESERVED_OUTPUT_TOKENS, left));
}

async function writeResponse(
  store: Store,
  input: ThinkInput,
  { head, entries, fresh, tree }: Talk,
  response: ModelResponse,
): Promise<ChainLink> {
  const last = entries.at(-1);
  const notes = last?.kind === 'compact' ? [describeCompaction(last), ...response.notes] : response.notes;
  const entry = {
    v: 1 as const,
    kind: 'think' as const,
    key: input.key,
    model: response.model,
    usage: response.usage,
    stop: response.stop,
    steers: input.steers.map(({ id }) => id),
    items: [...fresh, ...response.items],
    notes,
    ...(input.wheel ? { wheel: input.wheel } : {}),
  };
  const subject = `${input.key.replace('think/', '')} think: ${describeResponse(response.items)}`;
  const commit = await writeEntry(store, { parent: head, wheel: input.wheel, tree, subject, entry });
  return { commit, tree, parent: head, subject, message: '', author: { name: '', email: '', date: '' }, entry };
}

/** The tree of the new checkpoint: the head's, an earlier one that is put back, or that of a person's commit. */
async function chooseTree(store: Store, input: ThinkInput): Promise<{ tree: Sha; told: Item[] }> {
  if (!input.wheel) return { tree: await chooseOwnTree(store, input), told: [] };
  await ensureOwnCommit(store, { commit: input.wheel, own: refFolder('agents', ownWorkflowId()) });
  const { text } = await diffStat(store, { from: input.head, to: input.wheel });
  const note = `A supervisor took the wheel and changed files (now commit ${input.wheel}):\n${text}\nLook at them before you go on.`;
  return { tree: await treeOf(store, input.wheel), told: [{ kind: 'user', text: note }] };
}

/**
 * The tree where no person committed: the head's, an earlier one (`restore`), or the head's with some paths put back.
 */
async function chooseOwnTree(store: Store, { head, restore, leaveOut }: ThinkInput): Promise<Sha> {
  if (restore || !leaveOut) return await treeOf(store, restore ?? head);
  await ensureCommit(store, { commit: leaveOut.from });
  return await putBack(store, { head, ...leaveOut });
}

function describeResponse(items: readonly Item[]): string {
  const call = items.find((item) => item.kind === 'call');
  if (call) return `${call.tool} ${call.arguments}`;
  const text = items.find((item) => item.kind === 'assistant');
  return text ? text.text : 'nothing';
}

/** Reads a think's checkpoint and returns its small facts for the workflow. */
async function readOutcome(
  store: Store,
  { head, profile, checks }: ThinkInput,
  link: ChainLink,
): Promise<ThinkOutcome> {
  const { entry } = link;
  if (entry?.kind !== 'think') throw new Error(`${link.commit} is not a think`);
  const said = entry.items.flatMap((item) => (item.kind === 'assistant' ? [item.text] : [])).join(' ');
  const calls = entry.items.filter((item) => item.kind === 'call');
  const below = link.parent === null || link.parent === head ? undefined : (await readLink(store, link.parent)).entry;
  return {
    head: link.commit,
    proposals: calls.map((call) => propose(profile, call, checks)),
    usage: entry.usage,
    ...(below?.kind === 'compact' ? { compacted: below.usage } : {}),
    model: entry.model,
    delivered: entry.steers,
    said: harmless(clip(said, 300).kept),
    stop: entry.stop ?? 'complete',
    notes: harmless(entry.notes ?? []),
  };
}
