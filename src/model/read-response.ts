/**
 * Turns a provider's response into our items, its usage, and how it ended.
 * Rule: every returned item can be sent back unchanged. Others (an incomplete call, reasoning without a text or call)
 * are dropped with a note. A form that the API does not describe is taken where its meaning is plain.
 */
import { clipText } from '../core/text/lines.ts';
import type { Item } from '../core/transcript.ts';
import type { JsonObject } from '../core/text/json.ts';
import { isObject, parseJson } from '../core/text/json.ts';
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
  const notes: string[] = [];
  const refusals: string[] = [];
  const reason = readIncomplete(response);
  const isIncomplete = reason !== undefined;
  const reading = { origin, used: new Set(usedCallIds), notes, refusals, isIncomplete };
  const items = output.flatMap((item) => readItem(item, reading));
  while (items.at(-1)?.kind === 'opaque') {
    items.pop();
    notes.push('dropped reasoning that led to no text and no call: the provider would not take it back');
  }
  if (reason === 'content_filter') refusals.push("the provider's content filter cut the response off");
  const refusal = refusals.join(' ').trim();
  if (refusal !== '' && !items.some(({ kind }) => kind === 'call')) return { items, notes, stop: 'refused', refusal };
  if (reason !== undefined) notes.push(`the response is incomplete: ${reason}`);
  if (reason !== undefined) return { items, notes, stop: 'truncated' };
  return { items, notes, stop: items.length === 0 ? 'empty' : 'complete' };
}

/** Why the response is incomplete; undefined if it is complete. */
function readIncomplete({ status, incomplete_details: details }: JsonObject): string | undefined {
  if (status !== 'incomplete') return undefined;
  const reason = isObject(details) ? details['reason'] : undefined;
  return typeof reason === 'string' ? reason : 'no reason given';
}

/** What reading one item needs and adds to. */
interface Reading {
  origin: ItemOrigin;
  used: Set<string>;
  notes: string[];
  refusals: string[];
  /** The response says that it is incomplete. */
  isIncomplete: boolean;
}

function readItem(item: unknown, reading: Reading): Item[] {
  const type = isObject(item) ? (item['type'] ?? ('role' in item ? 'message' : undefined)) : undefined;
  if (!isObject(item) || typeof type !== 'string') {
    reading.notes.push(`dropped a part of the response that is no item: ${clipText(JSON.stringify(item) ?? '', 100)}`);
    return [];
  }
  switch (type) {
    case 'message':
      return readMessage(item, reading);
    case 'function_call':
    case 'custom_tool_call':
      return readCall(item, reading);
    case 'reasoning':
      // With an id alone, which is what is left, only a server that stores responses would find it again.
      if (!item['encrypted_content'] && !hasContent(item)) return [];
      return [{ kind: 'opaque', ...reading.origin, data: item }];
    default:
      return [{ kind: 'opaque', ...reading.origin, data: item }];
  }
}

/** Some servers send reasoning as plain text, and take it back so. */
function hasContent({ content }: JsonObject): boolean {
  return Array.isArray(content) && content.length > 0;
}

function readMessage({ content, phase }: JsonObject, { refusals }: Reading): Item[] {
  const parts: unknown[] = Array.isArray(content) ? content : [content];
  const texts = parts.map((part) => {
    if (typeof part === 'string') return part;
    if (!isObject(part)) return '';
    const { text, refusal } = part;
    if (part['type'] !== 'refusal') return typeof text === 'string' ? text : '';
    const why = typeof refusal === 'string' ? refusal : '';
    refusals.push(why || 'it gave no reason');
    return why;
  });
  const text = texts.join('');
  if (text.trim() === '') return [];
  const isPhase = phase === 'commentary' || phase === 'final_answer';
  return [{ kind: 'assistant', text, ...(isPhase ? { phase } : {}) }];
}

function readCall(item: JsonObject, { used, notes, isIncomplete }: Reading): Item[] {
  const { name, status } = item;
  if (typeof name !== 'string' || name === '') {
    notes.push('dropped a call without the name of a tool');
    return [];
  }
  const argumentsJson = readArguments(name, item);
  const isOpen = status === 'in_progress' || (isIncomplete && status !== 'completed');
  if (status === 'incomplete' || (isOpen && !isWhole(item, argumentsJson))) {
    notes.push(`dropped a call of ${clipText(name, 100)} that was cut off`);
    return [];
  }
  const ids: unknown[] = [item['call_id'], item['id']];
  const wanted = ids.find((id): id is string => typeof id === 'string' && id !== '');
  const callId = freshCallId(wanted ?? 'call', used);
  if (wanted === undefined) notes.push(`a call of ${clipText(name, 100)} came without an id: now "${callId}"`);
  else if (callId !== wanted)
    notes.push(`call id "${clipText(wanted, 100)}" was used before: now "${clipText(callId, 110)}"`);
  used.add(callId);
  return [{ kind: 'call', callId, tool: name, arguments: argumentsJson }];
}

/** The arguments as JSON. A custom tool has one text, which is the only argument of the tool of that name. */
function readArguments(name: string, item: JsonObject): string {
  const { input } = item;
  if (item['type'] === 'custom_tool_call' && typeof input === 'string')
    return JSON.stringify({ [name === 'apply_patch' ? 'patch' : 'command']: input });
  const given = item['arguments'] ?? '';
  if (typeof given === 'string') return given === '' ? '{}' : given;
  return JSON.stringify(given);
}

/** Whether a call without a status is complete. The text of a custom tool can end anywhere. */
function isWhole(item: JsonObject, argumentsJson: string): boolean {
  if (item['type'] === 'custom_tool_call') return false;
  return parseJson(argumentsJson) !== undefined;
}

function freshCallId(wanted: string, used: ReadonlySet<string>): string {
  let callId = wanted;
  for (let count = 2; used.has(callId); count += 1) callId = `${wanted}-${count}`;
  return callId;
}

/**
 * Tokens as the provider counted them, under the names of this API or of Chat Completions. A count that is missing or 0
 * is undefined: a request that has text has tokens.
 */
export function readTokenUsage({ response }: StreamedResponse): {
  inputTokens: number | undefined;
  cachedTokens: number;
  outputTokens: number | undefined;
} {
  const usage = isObject(response['usage']) ? response['usage'] : {};
  const details = [usage['input_tokens_details'], usage['prompt_tokens_details']].find(isObject);
  return {
    inputTokens: toCount(usage['input_tokens']) ?? toCount(usage['prompt_tokens']),
    // Some servers leave out the details.
    cachedTokens: toCount(details?.['cached_tokens']) ?? 0,
    outputTokens: toCount(usage['output_tokens']) ?? toCount(usage['completion_tokens']),
  };
}

function toCount(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 1 ? Math.trunc(value) : undefined;
}
