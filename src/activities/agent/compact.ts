/**
 * Makes an agent's conversation short when it no longer fits its model: one more model call, whose summary becomes a
 * checkpoint that replaces what was before it.
 * Rule: at most one for each think, stored before it is used, so that it is never paid for again.
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
import { MAX_OUTPUT_TOKENS } from '../../core/agent/next.ts';
import type { Entry, Item, Sha } from '../../core/transcript.ts';
import { readConversation } from '../../core/transcript.ts';
import type { ChainLink } from '../../git/read/read-chain.ts';
import { readLink } from '../../git/read/read-chain.ts';
import { readRef } from '../../git/remote/read-ref.ts';
import type { Store } from '../../git/store.ts';
import { treeOf } from '../../git/store.ts';
import type { Model, ModelResponse, ModelRequest } from '../../model/call-model.ts';
import { ModelFailure } from '../../model/model-failure.ts';
import type { ChainPosition } from '../attempt/chain.ts';
import { findPosition, classifyByKey, writeEntry } from '../attempt/chain.ts';
import { fail } from '../attempt/failures.ts';

/** What of a conversation stays as it was, and what a summary is made from; then less, where that is too long too. */
const RECENT_PART = 1 / 4;
const RECORD_PARTS = [1 / 2, 1 / 8, 1 / 32];
/** More than this of the last turns would hardly be looked at again. */
const MAX_RECENT_BYTES = 64_000;

/** How a call is made, whatever it is about. */
export type CallOptions = Pick<ModelRequest, 'signal' | 'background'>;

type Compact = Extract<Entry, { kind: 'compact' }>;

/** The key of the compaction that the think of this key makes. */
function compactKey(key: string): string {
  return key.replace('think/', 'compact/');
}

/** Where a think goes on from: its input, or the compaction that an earlier attempt of it left there. */
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
    // An answer that stands on its compaction is two commits away.
    const at = await readRef(store, ref);
    const parent = at && (await readLink(store, at)).parent;
    const below = parent && (await readLink(store, parent));
    if (!below || !isOurs(below) || below.parent !== input.head) throw error;
    return { head: below.commit, ...(await findPosition(store, ref, below.commit, classify)) };
  }
}

/** Whether the next call would not fit the model's context, as far as that is known. */
export function isTooLong(model: Model, entries: readonly Entry[], fresh: readonly Item[]): boolean {
  if (model.contextTokens === undefined) return false;
  return estimateTokens(entries, fresh) + MAX_OUTPUT_TOKENS > model.contextTokens;
}

/** Summarises the conversation and writes the checkpoint; the ref is the caller's to move. */
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
  if (!split) throw fail('ContextTooLong', 'the conversation does not fit the model, and has nothing to be summarised');
  const answer = await summarise(model, split.kept, split.old, how(compactKey(key)));
  const summary = answer.items.flatMap((item) => (item.kind === 'assistant' ? [item.text] : [])).join('\n');
  if (summary.trim() === '' || answer.stop === 'refused')
    throw fail('ContextTooLong', 'the conversation does not fit the model, which gave no summary of it');
  const entry: Compact = {
    v: 1,
    kind: 'compact',
    key: compactKey(key),
    model: answer.model,
    usage: answer.usage,
    replaced: split.old.length,
    items: compactedItems(split, summary),
  };
  const subject = `${key.replace('think/', '')} compact: ${describeCompaction(entry)}`;
  return await writeEntry(store, { parent: head, tree: await treeOf(store, head), subject, entry });
}

/** One sentence for people. */
export function describeCompaction({ replaced, usage }: Compact): string {
  const tokens = usage.inputTokens + usage.outputTokens;
  return `the conversation was too long for the model: a summary replaces ${replaced} items (${tokens} tokens)`;
}

async function summarise(model: Model, prompt: Item[], old: Item[], how: CallOptions): Promise<ModelResponse> {
  const bytes = bytesOf([...prompt, ...old]);
  for (const [index, part] of RECORD_PARTS.entries()) {
    const record = renderForSummary([...prompt, ...old], Math.ceil(bytes * part));
    try {
      return await model.call({
        instructions: SUMMARY_INSTRUCTIONS,
        items: [{ kind: 'user', text: `The record:\n<<<\n${record}\n>>>\nSummarise it.` }],
        profile: null,
        cacheKey: 'compact',
        maxOutputTokens: SUMMARY_TOKENS,
        ...how,
      });
    } catch (error) {
      const isLast = index === RECORD_PARTS.length - 1;
      if (isLast || !(error instanceof ModelFailure) || error.kind !== 'context-too-long') throw error;
    }
  }
  throw new Error('there is no part of the record to try');
}
