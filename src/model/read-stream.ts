/**
 * Reads the events of one response to its end.
 * Rule: a response counts only if its last event came; a broken one is thrown away as a whole.
 */
import type { Response, ResponseOutputItem, ResponseStreamEvent } from 'openai/resources/responses/responses';
import { ModelFailure } from './model-failure.ts';
import type { CalledModel } from './to-model-failure.ts';
import { failedResponse } from './to-model-failure.ts';

/** Most bytes of one response. Only a server that ignores `max_output_tokens` reaches it. */
const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;

/** A response whose stream ended properly. */
export interface StreamedResponse {
  response: Response;
  /** Output items in order; from their own events if the last event lacks them, as with some servers. */
  output: ResponseOutputItem[];
}

/** The newest part of a response that streams in, and the bytes so far. `kind` says what it is a part of. */
export interface Progress {
  outputBytes: number;
  kind: 'text' | 'reasoning' | 'call';
  delta: string;
}

/** Reads until the response is completed or incomplete. Throws a ModelFailure if it fails or breaks off. */
export async function readStream(
  events: AsyncIterable<ResponseStreamEvent>,
  target: CalledModel,
  onProgress?: (event: Progress) => void,
): Promise<StreamedResponse> {
  const done = new Map<number, ResponseOutputItem>();
  let outputBytes = 0;
  for await (const event of events) {
    if ('delta' in event && typeof event.delta === 'string') {
      outputBytes += Buffer.byteLength(event.delta);
      if (outputBytes > MAX_OUTPUT_BYTES) throw broken(target, `the response is longer than ${MAX_OUTPUT_BYTES} bytes`);
      onProgress?.({ outputBytes, kind: kindOf(event.type), delta: event.delta });
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
  throw broken(target, 'the stream ended before the response was complete');
}

function kindOf(type: ResponseStreamEvent['type']): Progress['kind'] {
  if (type.startsWith('response.reasoning')) return 'reasoning';
  return type.startsWith('response.function_call') ? 'call' : 'text';
}

function broken(target: CalledModel, said: string): ModelFailure {
  return new ModelFailure({ kind: 'broken-stream', target: `model "${target.model}" at ${target.host}`, said });
}
