/**
 * Turns the conversation into the Responses API's input.
 * Rule: an item has the same bytes in every call, so that a longer conversation starts with the shorter one. Half a
 * character, as older versions may have stored it, is replaced: strict servers refuse the whole request over it.
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
      return { type: 'message', role: 'user', content: [{ type: 'input_text', text: item.text.toWellFormed() }] };
    case 'assistant': {
      // The easy form: the other one needs an id and a status, which items that are not stored do not have.
      const { phase } = item;
      const content = item.text.toWellFormed();
      return { type: 'message', role: 'assistant', content, ...(phase === undefined ? {} : { phase }) };
    }
    case 'call': {
      const { callId: id, tool: name } = item;
      return { type: 'function_call', call_id: id, name, arguments: item.arguments.toWellFormed() };
    }
    case 'result':
      return { type: 'function_call_output', call_id: item.callId, output: item.output.toWellFormed() };
    case 'opaque':
      return item.data as ResponseInputItem;
  }
}
