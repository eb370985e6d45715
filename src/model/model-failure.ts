/**
 * The only error class of model calls, with its facts as fields.
 * Rule: a message says what was tried, on what, and what a person can do; it never contains the key.
 */

/** Every kind of failure, whether a retry can help, and what a person can do. */
const KINDS = {
  'rate-limited': { retryable: true, remedy: 'It is tried again after a while; fewer concurrent agents would help.' },
  quota: { retryable: false, remedy: 'The account has no credit left: add some or use another key, then resume.' },
  overloaded: { retryable: true, remedy: 'It is tried again after a while.' },
  unreachable: {
    retryable: true,
    remedy: 'Is the address right (OPENAI_BASE_URL), is the server up, does the network let it through?',
  },
  'broken-stream': { retryable: true, remedy: 'The partial response was thrown away; it is tried again.' },
  timeout: { retryable: true, remedy: 'It is tried again; COXSWAIN_MODEL_TIMEOUT_SECONDS allows more time.' },
  'bad-request': {
    retryable: false,
    remedy: 'The server refuses this request: does it support the Responses API for this model?',
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
  /** The model's name and host. */
  target: string;
  /** The error message of the server or the network. */
  said: string;
  status?: number;
  retryAfterMs?: number;
  cause?: unknown;
}

/** A model call without a response. */
export class ModelFailure extends Error {
  override name = 'ModelFailure';
  readonly kind: ModelFailureKind;
  /** Whether the same call may succeed later by itself. */
  readonly retryable: boolean;
  /** How long the provider asks to wait. */
  readonly retryAfterMs?: number;
  /** The HTTP status, if there was one. */
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
