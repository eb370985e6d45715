/**
 * Compacts an agent's conversation that no longer fits the model: one more model call writes a summary, which becomes a
 * checkpoint and replaces the older part.
 * Rule: at most one compaction for each think. It is stored before it is used, so it is never paid for twice. A summary
 * that was cut off is never used.
 */
import { ApplicationFailure } from '@temporalio/common';
import type { ThinkInput } from '../../core/agent/step.ts';
import {
  bytesOf,
  compactedItems,
  estimateTokens,
  renderForSummary,
  splitConversation,
  SUMMARY_INSTRUCTIONS,
  SUMMARY_TOKENS,
} from '../../core/agent/compaction.ts';
import { RESERVED_OUTPUT_TOKENS } from '../../core/agent/output-room.ts';
import type { Entry, Item, Sha, Usage } from '../../core/transcript.ts';
import { readConversation } from '../../core/transcript.ts';
import { addUsage } from '../../core/spend.ts';
import type { ChainLink } from '../../git/read/read-chain.ts';
import { readLink } from '../../git/read/read-chain.ts';
import { readRef } from '../../git/remote/read-ref.ts';
import type { Store } from '../../git/store.ts';
import { treeOf } from '../../git/objects/tree-of.ts';
import type { Model, ModelResponse, ModelRequest } from '../../model/call-model.ts';
import { ModelFailure } from '../../model/model-failure.ts';
import type { ChainPosition } from '../attempt/chain.ts';
import { findPosition, classifyByKey, writeEntry } from '../attempt/chain.ts';
import { fail } from '../attempt/failures.ts';

/** The share of a conversation that stays word for word. */
const RECENT_PART = 1 / 4;
/** The share that the summary is made from; the next smaller one is tried where that is still too long. */
const RECORD_PARTS = [1 / 2, 1 / 8, 1 / 32];
/** Most bytes that stay word for word; models hardly use more of the last turns. */
const MAX_RECENT_BYTES = 64_000;

export type CallOptions = Pick<ModelRequest, 'signal' | 'background'>;

type Compact = Extract<Entry, { kind: 'compact' }>;

/** Turns the key of a think into the key of its compaction. */
function compactKey(key: string): string {
  return key.replace('think/', 'compact/');
}

/** Where a think continues: at its input's head, or at the compaction that an earlier attempt of this think stored. */
export async function findThinkPosition(
  store: Store,
  ref: string,
  input: ThinkInput,
): Promise<ChainPosition & { head: Sha }> {
  const classify = classifyByKey(input.key);
  const isOurs = ({ entry }: ChainLink): boolean => entry?.key === compactKey(input.key);
  try {
    const place = await findPosition(store, ref, input.head, (link) => (isOurs(link) ? 'done' : classify(link)));
    if (place.done && isOurs(place.done)) return { head: place.done.commit, at: place.done.commit, done: null };
    return { head: input.head, ...place };
  } catch (error) {
    if (!(error instanceof ApplicationFailure) || error.type !== 'Superseded') throw error;
    // A response that was stored on top of a compaction is two commits after the input's head.
    const at = await readRef(store, ref);
    const parent = at && (await readLink(store, at)).parent;
    const below = parent && (await readLink(store, parent));
    if (!below || !isOurs(below) || below.parent !== input.head) throw error;
    return { head: below.commit, ...(await findPosition(store, ref, below.commit, classify)) };
  }
}

/** Whether the next call would exceed the model's context. False where the size of that context is not configured. */
export function isTooLong(model: Model, entries: readonly Entry[], fresh: readonly Item[]): boolean {
  if (model.contextTokens === undefined) return false;
  return estimateTokens(entries, fresh) + RESERVED_OUTPUT_TOKENS > model.contextTokens;
}

/** Summarises the conversation and writes the checkpoint. The caller moves the ref. */
export async function writeCompaction(
  model: Model,
  store: Store,
  { key, head }: { key: string; head: Sha },
  chain: readonly Entry[],
  how: (key: string) => CallOptions,
): Promise<Sha> {
  const items = readConversation(chain);
  const recentBytes = Math.min(MAX_RECENT_BYTES, Math.floor(bytesOf(items) * RECENT_PART));
  const split = splitConversation(chain[0]?.items ?? [], items, recentBytes);
  if (!split)
    throw fail('ContextTooLong', 'the conversation does not fit the model, and no part of it can be summarised');
  const response = await summarise(model, split.kept, split.old, how(compactKey(key)));
  const summary = response.items.flatMap((item) => (item.kind === 'assistant' ? [item.text] : [])).join('\n');
  if (summary.trim() === '' || response.stop === 'refused')
    throw fail('ContextTooLong', 'the conversation does not fit the model, and the model returned no summary');
  const entry: Compact = {
    v: 1,
    kind: 'compact',
    key: compactKey(key),
    model: response.model,
    usage: response.usage,
    replaced: split.old.length,
    items: compactedItems(split, summary),
  };
  const subject = `${key.replace('think/', '')} compact: ${describeCompaction(entry)}`;
  return await writeEntry(store, { parent: head, tree: await treeOf(store, head), subject, entry });
}

export function describeCompaction({ replaced, usage }: Compact): string {
  const tokens = usage.inputTokens + usage.outputTokens;
  return `the conversation was too long for the model: a summary replaces ${replaced} items (${tokens} tokens)`;
}

/** A whole summary. The next smaller record is tried where the model can't read this one, or is cut off over it. */
async function summarise(model: Model, prompt: Item[], old: Item[], how: CallOptions): Promise<ModelResponse> {
  const bytes = bytesOf([...prompt, ...old]);
  const cut: Usage[] = [];
  for (const [index, part] of RECORD_PARTS.entries()) {
    const isLast = index === RECORD_PARTS.length - 1;
    const record = renderForSummary([...prompt, ...old], Math.ceil(bytes * part));
    try {
      const response = await model.call({
        instructions: SUMMARY_INSTRUCTIONS,
        items: [{ kind: 'user', text: `The record:\n<<<\n${record}\n>>>\nSummarise it.` }],
        profile: null,
        cacheKey: 'compact',
        maxOutputTokens: SUMMARY_TOKENS,
        ...how,
      });
      if (response.stop !== 'truncated') return { ...response, usage: cut.reduce(addUsage, response.usage) };
      cut.push(response.usage);
    } catch (error) {
      if (isLast || !(error instanceof ModelFailure) || error.kind !== 'context-too-long') throw error;
    }
  }
  throw fail(
    'ContextTooLong',
    `the conversation does not fit the model, and its summary was cut off at ${SUMMARY_TOKENS} tokens, reasoning ` +
      'included. A lower COXSWAIN_REASONING_EFFORT leaves more for the summary; or rewind, or split the task',
  );
}
