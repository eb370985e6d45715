/**
 * Turns our conversation into the Responses API's input.
 * Rule: one item of ours gives the same bytes in every call, so that a longer conversation begins with the shorter one.
 */
import type { ResponseInputItem } from 'openai/resources/responses/responses';
import type { Item } from '../core/transcript.ts';

type Opaque = Extract<Item, { kind: 'opaque' }>;

/** The input for a call. `takesBack` says whether an opaque item may be given to the model that is called. */
export function toInputItems(items: readonly Item[], takesBack: (item: Opaque) => boolean): ResponseInputItem[] {
  return items.flatMap((item) => (item.kind === 'opaque' && !takesBack(item) ? [] : [toInputItem(item)]));
}

function toInputItem(item: Item): ResponseInputItem {
  switch (item.kind) {
    case 'user':
      return { type: 'message', role: 'user', content: [{ type: 'input_text', text: item.text }] };
    case 'assistant':
      // Without an id, since nothing is stored at the provider; the type wants one, the API does not.
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
