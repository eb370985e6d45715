/**
 * Writes content in the form of the Responses API: the response object, and the events that stream it.
 * Rule: pure; equal requests and contents give equal bytes, ids and times included.
 */
import type { Response, ResponseOutputItem, ResponseStreamEvent } from 'openai/resources/responses/responses';
import { digestText } from '../../core/digest.ts';
import type { Item } from '../../core/transcript.ts';
import type { ParsedRequest } from './read-request.ts';

/** Tokens are estimated: one for every four bytes of JSON. */
const BYTES_PER_TOKEN = 4;

/** The content of a response, before it gets the API's form. */
export interface ResponseContent {
  items: Item[];
  /** Ends the response as incomplete; a call that is its last item is cut off in its middle. */
  stop?: 'incomplete';
  /** Why the response is incomplete. */
  incompleteReason?: 'max_output_tokens' | 'content_filter';
  /** The text with which the model refuses. */
  refusal?: string;
  /** Tokens to report; estimated if left out. */
  usage?: { inputTokens: number; cachedTokens?: number; outputTokens: number };
}

export function createResponse(request: ParsedRequest, answer: ResponseContent): Response {
  const digest = digestText(request.body);
  const output = answer.items.map((item, index) => {
    const cut = answer.stop === 'incomplete' && index === answer.items.length - 1;
    return toOutputItem(item, `${digest.slice(0, 24)}${index}`, cut);
  });
  if (answer.refusal !== undefined)
    output.push(message(`${digest.slice(0, 24)}r`, { type: 'refusal', refusal: answer.refusal }));
  const incomplete = answer.stop === 'incomplete';
  const response = {
    id: `resp_${digest.slice(0, 32)}`,
    object: 'response',
    created_at: 0,
    status: incomplete ? 'incomplete' : 'completed',
    error: null,
    incomplete_details: incomplete ? { reason: answer.incompleteReason ?? 'max_output_tokens' } : null,
    instructions: request.instructions,
    metadata: {},
    model: request.model,
    output,
    parallel_tool_calls: false,
    store: false,
    temperature: null,
    tool_choice: 'auto',
    tools: [],
    top_p: null,
    usage: countUsage(request, answer, output),
  };
  // The type also has fields that only the client library adds.
  return response as unknown as Response;
}

function countUsage(request: ParsedRequest, answer: ResponseContent, output: readonly ResponseOutputItem[]): object {
  const { instructions, input, tools } = request.raw;
  const count = (value: unknown): number => Math.ceil(Buffer.byteLength(JSON.stringify(value)) / BYTES_PER_TOKEN);
  const inputTokens = answer.usage?.inputTokens ?? count([instructions, input, tools]);
  const outputTokens = answer.usage?.outputTokens ?? count(output);
  return {
    input_tokens: inputTokens,
    input_tokens_details: { cached_tokens: answer.usage?.cachedTokens ?? 0, cache_write_tokens: 0 },
    output_tokens: outputTokens,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: inputTokens + outputTokens,
  };
}

type Part = { type: 'output_text'; text: string; annotations: [] } | { type: 'refusal'; refusal: string };

function message(id: string, part: Part): ResponseOutputItem {
  return { type: 'message', id: `msg_${id}`, role: 'assistant', status: 'completed', content: [part] };
}

function toOutputItem(item: Item, id: string, cut: boolean): ResponseOutputItem {
  switch (item.kind) {
    case 'call': {
      const text = cut ? item.arguments.slice(0, item.arguments.length / 2) : item.arguments;
      const status = cut ? 'incomplete' : 'completed';
      return { type: 'function_call', id: `fc_${id}`, call_id: item.callId, name: item.tool, arguments: text, status };
    }
    case 'opaque':
      return item.data as ResponseOutputItem;
    case 'assistant':
      return message(id, { type: 'output_text', text: item.text, annotations: [] });
    case 'user':
    case 'result':
      throw new Error(`a model does not answer with a ${item.kind} item`);
  }
}

/** The events of a streamed response, in the API's order, with sequence numbers. */
export function createEvents(response: Response): ResponseStreamEvent[] {
  const started = { ...response, status: 'in_progress', output: [], usage: null, incomplete_details: null };
  const events: object[] = [
    { type: 'response.created', response: started },
    { type: 'response.in_progress', response: started },
    ...response.output.flatMap((item, index) => itemEvents(item, index)),
    { type: `response.${response.status ?? 'completed'}`, response },
  ];
  return events.map((event, index) => ({ ...event, sequence_number: index }) as unknown as ResponseStreamEvent);
}

function itemEvents(item: ResponseOutputItem, index: number): object[] {
  const added = { type: 'response.output_item.added', output_index: index };
  const done = { type: 'response.output_item.done', output_index: index, item };
  const at = { item_id: item.id, output_index: index };
  if (item.type === 'function_call') {
    return [
      { ...added, item: { ...item, arguments: '', status: 'in_progress' } },
      ...cut(item.arguments).map((delta) => ({ type: 'response.function_call_arguments.delta', ...at, delta })),
      { type: 'response.function_call_arguments.done', ...at, name: item.name, arguments: item.arguments },
      done,
    ];
  }
  if (item.type !== 'message') return [{ ...added, item }, done];
  const parts = item.content.flatMap((part, contentIndex) =>
    partEvents(part as Part, { ...at, content_index: contentIndex }),
  );
  return [{ ...added, item: { ...item, content: [], status: 'in_progress' } }, ...parts, done];
}

function partEvents(part: Part, at: object): object[] {
  const isText = part.type === 'output_text';
  const text = isText ? part.text : part.refusal;
  const empty = isText ? { ...part, text: '' } : { ...part, refusal: '' };
  const name = isText ? 'response.output_text' : 'response.refusal';
  return [
    { type: 'response.content_part.added', ...at, part: empty },
    ...cut(text).map((delta) => ({ type: `${name}.delta`, ...at, delta, ...(isText ? { logprobs: [] } : {}) })),
    { type: `${name}.done`, ...at, ...(isText ? { text, logprobs: [] } : { refusal: text }) },
    { type: 'response.content_part.done', ...at, part },
  ];
}

/** Cuts a text into pieces without splitting a character. */
function cut(text: string): string[] {
  return text.match(/[^]{1,2000}/gu) ?? [];
}
