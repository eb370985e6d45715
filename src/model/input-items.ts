/**
 * Turns the conversation into the Responses API's input.
 * Rule: an item has the same bytes in every call, so that a longer conversation starts with the shorter one.
 */
import type { ResponseInputItem } from 'openai/resources/responses/responses';
import type { Item } from '../core/transcript.ts';

type Opaque = Extract<Item, { kind: 'opaque' }>;

/** The input for a call. `takesBack` says whether the called model accepts an opaque item. */
export function toInputItems(items: readonly Item[], takesBack: (item: Opaque) => boolean): ResponseInputItem[] {
  return items.flatMap((item) => (item.kind === 'opaque' && !takesBack(item) ? [] : [toInputItem(item)]));
}

function toInputItem(item: Item): ResponseInputItem {
  switch (item.kind) {
    case 'user':
      return { type: 'message', role: 'user', content: [{ type: 'input_text', text: item.text }] };
    case 'assistant':
      // Without an id, since the provider stores nothing. The package's type requires one, the API does not.
      return {
        type: 'message',
        role: 'assistant',
        content: [{ type: 'output_text', text: item.text, annotations: [] }],
      } as unknown as ResponseInputItem;
    case 'call':
      return { type: 'function_call', call_id: item.callId, name: item.tool, arguments: item.arguments };
    case 'result':
      return { type: 'function_call_output', call_id: item.callId, output: item.output };
    case 'opaque':
      return item.data as ResponseInputItem;
  }
}
