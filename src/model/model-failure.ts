/**
 * What can go wrong with a model call, as one error class that carries its facts.
 * Rule: a message says what was tried, on what, and what a person can do; the key never stands in it.
 */

/** Every kind of failure, whether trying again by itself can help, and what a person can do. */
const KINDS = {
  'rate-limited': { retryable: true, remedy: 'It is tried again after a while; fewer agents at once would help.' },
  quota: { retryable: false, remedy: 'The account has no credit left: add some or use another key, then resume.' },
  overloaded: { retryable: true, remedy: 'It is tried again after a while.' },
  unreachable: {
    retryable: true,
    remedy: 'Is the address right (OPENAI_BASE_URL), is the server up, does the network let it through?',
  },
  'broken-stream': { retryable: true, remedy: 'The partial answer was thrown away; it is tried again.' },
  timeout: { retryable: true, remedy: 'It is tried again; COXSWAIN_MODEL_TIMEOUT_SECONDS allows more time.' },
  'bad-request': {
    retryable: false,
    remedy: 'The server does not take this request: does it speak the Responses API for this model?',
  },
  unauthorized: { retryable: false, remedy: 'Check OPENAI_API_KEY, and whether it may use this model.' },
  'not-found': {
    retryable: false,
    remedy: 'Check the model name (COXSWAIN_MODEL) and the address (OPENAI_BASE_URL, usually ending in /v1).',
  },
  'content-policy': {
    retryable: false,
    remedy: 'The provider refuses this content: change the goal, steer the agent, or use another model.',
  },
  'context-too-long': {
    retryable: false,
    remedy: 'The conversation does not fit the model: rewind, split the task, or use a model with a longer context.',
  },
} as const;

export type ModelFailureKind = keyof typeof KINDS;

export interface ModelFailureFacts {
  kind: ModelFailureKind;
  /** Model name and host: what was called. */
  target: string;
  /** What the other side or the network said. */
  said: string;
  status?: number;
  retryAfterMs?: number;
  cause?: unknown;
}

/** A model call that gave no answer. */
export class ModelFailure extends Error {
  override name = 'ModelFailure';
  readonly kind: ModelFailureKind;
  /** Whether the same call may succeed later without anyone doing anything. */
  readonly retryable: boolean;
  /** How long the provider asked to wait, in milliseconds. */
  readonly retryAfterMs?: number;
  /** HTTP status, where there was one. */
  readonly status?: number;

  constructor(facts: ModelFailureFacts) {
    const { kind, target, said, status } = facts;
    const { retryable, remedy } = KINDS[kind];
    const what = status === undefined ? kind : `${kind}, HTTP ${status}`;
    super(`${target}: ${what}: ${said}. ${remedy}`, facts.cause === undefined ? {} : { cause: facts.cause });
    this.kind = kind;
    this.retryable = retryable;
    if (facts.retryAfterMs !== undefined) this.retryAfterMs = facts.retryAfterMs;
    if (status !== undefined) this.status = status;
  }
}
