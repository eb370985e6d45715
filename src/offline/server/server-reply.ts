/**
 * The reply of a function that stands in for a model: content, or a fault.
 * Rule: a fault on purpose looks like one of a real server or network.
 */
import type { ResponseContent } from './response-events.ts';

export type ServerReply =
  | (ResponseContent & { delayMs?: number })
  /** An HTTP error; without a body, one in the API's shape. */
  | { fault: 'status'; status: number; body?: unknown; headers?: Record<string, string> }
  /** The connection breaks in the middle of the stream. */
  | { fault: 'cut-stream'; items?: ResponseContent['items'] }
  /** The stream ends without its last event. */
  | { fault: 'no-end'; items?: ResponseContent['items'] }
  /** Status 200 with a body that is not a stream of events. */
  | { fault: 'garbage'; body?: string }
  /** Headers and the first event, or the events of these items, then silence until the client goes away. */
  | { fault: 'hang'; items?: ResponseContent['items'] }
  /** The stream says that the response failed. */
  | { fault: 'failed'; code: string; message?: string }
  /** The stream contains an error event. */
  | { fault: 'error-event'; code: string; message?: string };
