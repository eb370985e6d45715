/**
 * Turns a provider's response into our items, its usage, and how it ended.
 * Rule: every returned item can be sent back unchanged. Others (an incomplete call, reasoning without a text or call)
 * are dropped with a note.
 */
import type { ResponseOutputItem } from 'openai/resources/responses/responses';
import type { Item, Usage } from '../core/transcript.ts';
import type { StreamedResponse } from './read-stream.ts';

/** How a response ended. `empty`: neither a call nor a text. */
export type Stop = 'complete' | 'truncated' | 'refused' | 'empty';

export interface ReadResponse {
  items: Item[];
  notes: string[];
  stop: Stop;
  refusal?: string;
}

/** The provider and model that opaque items come from, and that alone accept them back. */
export interface ItemOrigin {
  provider: string;
  model: string;
}

/** Reads a response. `usedCallIds`: the conversation's call ids; a repeated one is replaced. */
export function readResponse(
  { response, output }: StreamedResponse,
  origin: ItemOrigin,
  usedCallIds: ReadonlySet<string>,
): ReadResponse {
  const used = new Set(usedCallIds);
  const notes: string[] = [];
  const refusals: string[] = [];
  const items = output.flatMap((item) => readItem(item, origin, used, notes, refusals));
  while (items.at(-1)?.kind === 'opaque') {
    items.pop();
    notes.push('dropped reasoning that led to no text and no call: the provider would not take it back');
  }
  const reason =
    response.status === 'incomplete' ? (response.incomplete_details?.reason ?? 'no reason given') : undefined;
  if (reason === 'content_filter') refusals.push("the provider's content filter cut the response off");
  const refusal = refusals.join(' ').trim();
  if (refusal !== '' && !items.some(({ kind }) => kind === 'call')) return { items, notes, stop: 'refused', refusal };
  if (reason !== undefined) notes.push(`the response is incomplete: ${reason}`);
  if (reason !== undefined) return { items, notes, stop: 'truncated' };
  return { items, notes, stop: items.length === 0 ? 'empty' : 'complete' };
}

function readItem(
  item: ResponseOutputItem,
  origin: ItemOrigin,
  used: Set<string>,
  notes: string[],
  refusals: string[],
): Item[] {
  switch (item.type) {
    case 'message': {
      const text = item.content.map((part) => (part.type === 'output_text' ? part.text : part.refusal)).join('');
      refusals.push(
        ...item.content.flatMap((part) => (part.type === 'refusal' ? [part.refusal || 'it gave no reason'] : [])),
      );
      return text.trim() === '' ? [] : [{ kind: 'assistant', text }];
    }
    case 'function_call': {
      if (item.status === 'incomplete' || item.status === 'in_progress') {
        notes.push(`dropped a call of ${item.name.slice(0, 100)} that was cut off`);
        return [];
      }
      const callId = freshCallId(item.call_id, used);
      if (callId !== item.call_id)
        notes.push(`call id "${item.call_id.slice(0, 100)}" was used before: now "${callId.slice(0, 110)}"`);
      used.add(callId);
      return [{ kind: 'call', callId, tool: item.name, arguments: item.arguments }];
    }
    default:
      return [{ kind: 'opaque', ...origin, data: item }];
  }
}

function freshCallId(wanted: string, used: ReadonlySet<string>): string {
  const base = wanted || 'call';
  let callId = base;
  for (let count = 2; used.has(callId); count += 1) callId = `${base}-${count}`;
  return callId;
}

/** Tokens as the provider counted them; undefined if it did not. */
export function readTokenUsage({ response }: StreamedResponse): Omit<Usage, 'costUsd'> | undefined {
  const { usage } = response;
  if (!usage) return undefined;
  return {
    inputTokens: toCount(usage.input_tokens),
    // Some servers leave out the details.
    cachedTokens: toCount((usage.input_tokens_details as { cached_tokens?: number } | undefined)?.cached_tokens),
    outputTokens: toCount(usage.output_tokens),
  };
}

function toCount(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0 ? Math.trunc(value) : 0;
}
