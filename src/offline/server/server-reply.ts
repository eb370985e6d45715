/**
 * What a script answers with, where it stands in for a model: content, or something that is wrong.
 * Rule: what is wrong on purpose is wrong the way real servers and networks are.
 */
import type { ResponseContent } from './response-events.ts';

/** What a script answers: content, or a fault as real servers and networks have them. */
export type ServerReply =
  | (ResponseContent & { delayMs?: number })
  /** An HTTP error; without a body, one in the API's shape. */
  | { fault: 'status'; status: number; body?: unknown; headers?: Record<string, string> }
  /** The connection breaks in the middle of the stream. */
  | { fault: 'cut-stream'; items?: ResponseContent['items'] }
  /** The stream ends properly, but its last event never came. */
  | { fault: 'no-end'; items?: ResponseContent['items'] }
  /** Status 200 and something that is no stream of events. */
  | { fault: 'garbage'; body?: string }
  /** Headers and the first event, then silence until the client goes away. */
  | { fault: 'hang' }
  /** The stream says that the response failed. */
  | { fault: 'failed'; code: string; message?: string }
  /** The stream has an error in it. */
  | { fault: 'error-event'; code: string; message?: string };
