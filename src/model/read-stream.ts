/**
 * Reads the events of one answer to its end.
 * Rule: an answer counts only when its last event came; what broke off before is thrown away whole.
 */
import type { Response, ResponseOutputItem, ResponseStreamEvent } from 'openai/resources/responses/responses';
import { ModelFailure } from './model-failure.ts';
import type { CalledModel } from './to-model-failure.ts';
import { failedResponse } from './to-model-failure.ts';

/** Most bytes of one answer; `max_output_tokens` stays far below, so only a server that ignores it comes here. */
const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;

/** An answer whose stream came to its proper end. */
export interface StreamedResponse {
  response: Response;
  /** Output items as they were completed one by one, in order: some servers leave them out of the last event. */
  output: ResponseOutputItem[];
}

/** Reads until the response is completed or incomplete; throws ModelFailure when it failed or broke off. */
export async function readStream(
  events: AsyncIterable<ResponseStreamEvent>,
  target: CalledModel,
  onProgress?: (event: { outputBytes: number }) => void,
): Promise<StreamedResponse> {
  const done = new Map<number, ResponseOutputItem>();
  let outputBytes = 0;
  for await (const event of events) {
    if ('delta' in event && typeof event.delta === 'string') {
      outputBytes += Buffer.byteLength(event.delta);
      if (outputBytes > MAX_OUTPUT_BYTES) throw broken(target, `the answer is longer than ${MAX_OUTPUT_BYTES} bytes`);
      onProgress?.({ outputBytes });
    }
    if (event.type === 'response.output_item.done') done.set(event.output_index, event.item);
    if (event.type === 'error') throw failedResponse(event.code ?? 'error', event.message, target);
    if (event.type === 'response.failed') {
      const { error } = event.response;
      throw failedResponse(error?.code ?? 'failed', error?.message ?? 'the server gave no reason', target);
    }
    if (event.type === 'response.completed' || event.type === 'response.incomplete') {
      const streamed = [...done.entries()].toSorted(([a], [b]) => a - b).map(([, item]) => item);
      const { output } = event.response;
      return { response: event.response, output: Array.isArray(output) && output.length > 0 ? output : streamed };
    }
  }
  throw broken(target, 'the stream ended before the answer was complete');
}

function broken(target: CalledModel, said: string): ModelFailure {
  return new ModelFailure({ kind: 'broken-stream', target: `model "${target.model}" at ${target.host}`, said });
}
