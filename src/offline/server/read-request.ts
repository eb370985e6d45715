/**
 * Reads a request of the Responses API: turns its JSON into our items, or returns the error that the API would send.
 * Rule: an unknown form is refused with its place in the request, never guessed.
 */
import { z } from 'zod';
import type { Item } from '../../core/transcript.ts';

export interface ParsedRequest {
  model: string;
  instructions: string;
  /** The conversation; items that only a provider understands are `opaque`. */
  items: Item[];
  /** Names of the tools that the request offers. */
  tools: string[];
  stream: boolean;
  /** The parsed body; its text is in `body`. */
  raw: Record<string, unknown>;
  body: string;
  /** Number of requests that the server had before this one. */
  index: number;
}

/** An error in the API's shape. */
export interface ApiError {
  status: number;
  code: string;
  message: string;
  param?: string;
}

const textPart = z.object({ type: z.enum(['input_text', 'output_text']), text: z.string() });
const refusalPart = z.object({ type: z.literal('refusal'), refusal: z.string() });
const contentSchema = z.union([z.string(), z.array(z.union([textPart, refusalPart]))]);

const inputItemSchema = z.union([
  z.object({
    type: z.literal('message').optional(),
    role: z.enum(['user', 'system', 'developer', 'assistant']),
    content: contentSchema,
  }),
  z.object({
    type: z.literal('function_call'),
    call_id: z.string().min(1),
    name: z.string().min(1),
    arguments: z.string(),
  }),
  z.object({
    type: z.literal('function_call_output'),
    call_id: z.string().min(1),
    output: z.union([z.string(), z.array(textPart)]),
  }),
  z.object({ type: z.literal('reasoning'), encrypted_content: z.string().nullish() }).loose(),
]);

const requestSchema = z.object({
  model: z.string().min(1),
  instructions: z.string().nullish(),
  input: z.union([z.string(), z.array(inputItemSchema)]),
  tools: z.array(z.object({ type: z.string(), name: z.string().optional() })).nullish(),
  stream: z.boolean().nullish(),
});

export type ReadRequest = { kind: 'ok'; request: ParsedRequest } | { kind: 'bad'; error: ApiError };

export function readRequest(body: string, index: number): ReadRequest {
  let raw: unknown;
  try {
    raw = JSON.parse(body);
  } catch {
    return bad('invalid_json', 'We could not parse the JSON body of your request.');
  }
  if (hasHalfCharacter(raw)) return bad('invalid_json', 'Invalid body: it has half of a surrogate pair in a text.');
  const unsupported = findUnsupported(raw);
  if (unsupported) return unsupported;
  const parsed = requestSchema.safeParse(raw);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const param = issue?.path.map(String).join('.') ?? '';
    return bad(
      'invalid_request',
      `Invalid value${param ? ` for '${param}'` : ''}: ${issue?.message ?? 'not understood'}.`,
      param,
    );
  }
  const { model, instructions, input, tools, stream } = parsed.data;
  const items =
    typeof input === 'string' ? [{ kind: 'user' as const, text: input }] : input.map((item) => toItem(item, model));
  const unpaired = findUnpaired(items);
  if (unpaired) return bad('invalid_request', unpaired, 'input');
  const names = (tools ?? []).flatMap(({ name }) => (name === undefined ? [] : [name]));
  const read = { model, instructions: instructions ?? '', items, tools: names, stream: stream === true };
  return { kind: 'ok', request: { ...read, raw: raw as Record<string, unknown>, body, index } };
}

function bad(code: string, message: string, param?: string): ReadRequest {
  return { kind: 'bad', error: { status: 400, code, message, ...(param ? { param } : {}) } };
}

/** What this server does not do. Left unsaid, a client would take an answer for something that it is not. */
const UNSUPPORTED: Record<string, string> = {
  previous_response_id: 'it keeps no conversations: send the whole input',
  conversation: 'it keeps no conversations: send the whole input',
  prompt: 'it has no stored prompts: send instructions and input',
  'text.format': 'it answers in text or by calls of tools, in no other format',
  tool_choice: 'its model chooses by itself (auto)',
};
/** Values that ask for nothing more than what it does. */
const PLAIN: readonly unknown[] = [undefined, null, 'auto'];

/** The API's error for a parameter that is not supported, with its name. */
function findUnsupported(raw: unknown): ReadRequest | undefined {
  for (const [param, reason] of Object.entries(UNSUPPORTED)) {
    const value = param.split('.').reduce<unknown>((inner, name) => fieldOf(inner, name), raw);
    if (PLAIN.includes(value) || (param === 'text.format' && fieldOf(value, 'type') === 'text')) continue;
    return bad('unsupported_parameter', `Unsupported parameter: '${param}' is not supported here: ${reason}.`, param);
  }
  return undefined;
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}

/** Whether a text in a value is not well-formed Unicode, which strict servers refuse. */
function hasHalfCharacter(value: unknown): boolean {
  if (typeof value === 'string') return !value.isWellFormed();
  return typeof value === 'object' && value !== null && Object.values(value).some(hasHalfCharacter);
}

function toItem(item: z.infer<typeof inputItemSchema>, model: string): Item {
  switch (item.type) {
    case 'function_call':
      return { kind: 'call', callId: item.call_id, tool: item.name, arguments: item.arguments };
    case 'function_call_output':
      return { kind: 'result', callId: item.call_id, output: textOf(item.output) };
    case 'reasoning':
      return { kind: 'opaque', provider: 'input', model, data: item };
    case 'message':
    case undefined:
      return { kind: item.role === 'assistant' ? 'assistant' : 'user', text: textOf(item.content) };
  }
}

function textOf(content: z.infer<typeof contentSchema>): string {
  if (typeof content === 'string') return content;
  return content.map((part) => (part.type === 'refusal' ? part.refusal : part.text)).join('');
}

/** The API's error if a call has no output or an output no call. */
function findUnpaired(items: readonly Item[]): string | undefined {
  const calls = new Set<string>();
  const results = new Set<string>();
  for (const item of items) {
    if (item.kind === 'call') calls.add(item.callId);
    if (item.kind !== 'result') continue;
    if (!calls.has(item.callId)) return `No tool call found for function call output with call_id ${item.callId}.`;
    results.add(item.callId);
  }
  const open = [...calls].find((callId) => !results.has(callId));
  return open === undefined ? undefined : `No tool output found for function call ${open}.`;
}
