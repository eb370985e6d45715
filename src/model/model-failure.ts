/**
 * The only error class of model calls, with its facts as fields.
 * Rule: a message says what was tried, on what, and what a person can do; it never contains the key.
 */

/** Waiting mends it and it costs nothing, so it is tried as long as the activity's retries go on. */
const WAIT = Infinity;
/** Each try may have been paid for, so there are only so many: about two minutes. */
const FEW = 8;
/** The server says something that we don't understand. A second look is cheap, a hundred are not. */
const TWICE_MORE = 3;

/** Every kind of failure, how often the call is tried at most, and what a person can do. */
const KINDS = {
  'rate-limited': { tries: WAIT, remedy: 'It is tried again after a while; fewer concurrent agents would help.' },
  quota: { tries: 1, remedy: 'The account has no credit left: add some or use another key, then resume.' },
  overloaded: { tries: WAIT, remedy: 'It is tried again after a while.' },
  unreachable: {
    tries: WAIT,
    remedy: 'Is the address right (OPENAI_BASE_URL), is the server up, does the network let it through?',
  },
  'broken-stream': { tries: FEW, remedy: 'The partial response was thrown away; it is tried again a few times.' },
  timeout: {
    tries: FEW,
    remedy: 'It is tried again a few times; COXSWAIN_MODEL_TIMEOUT_SECONDS allows one call more time.',
  },
  silent: {
    tries: FEW,
    remedy: 'It is tried again a few times; COXSWAIN_MODEL_IDLE_SECONDS allows a longer silence.',
  },
  unreadable: {
    tries: TWICE_MORE,
    remedy:
      'It is asked a few times, then this holds. Is it a server of the Responses API (OPENAI_BASE_URL), and is no login page or proxy in between?',
  },
  failed: {
    tries: TWICE_MORE,
    remedy: 'We do not know this error of the provider: it is tried a few times, then this holds.',
  },
  'bad-request': {
    tries: 1,
    remedy: 'The server refuses this request: does it support the Responses API for this model?',
  },
  unauthorized: { tries: 1, remedy: 'Check OPENAI_API_KEY, and whether it may use this model.' },
  'not-found': {
    tries: 1,
    remedy: 'Check the model name (COXSWAIN_MODEL) and the address (OPENAI_BASE_URL, usually ending in /v1).',
  },
  'content-policy': {
    tries: 1,
    remedy: 'The provider refuses this content: change the goal, steer the agent, or use another model.',
  },
  'context-too-long': {
    tries: 1,
    remedy: 'The conversation does not fit the model: rewind, split the task, or use a model with a longer context.',
  },
} as const satisfies Record<string, { tries: number; remedy: string }>;

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
  /** How often the call is tried at most, this time included. */
  readonly tries: number;
  /** How long the provider asks to wait. */
  readonly retryAfterMs?: number;
  /** The HTTP status, if there was one. */
  readonly status?: number;

  constructor(facts: ModelFailureFacts) {
    const { kind, target, said, status } = facts;
    const { tries, remedy } = KINDS[kind];
    const what = status === undefined ? kind : `${kind}, HTTP ${status}`;
    super(`${target}: ${what}: ${said}. ${remedy}`, facts.cause === undefined ? {} : { cause: facts.cause });
    this.kind = kind;
    this.tries = tries;
    this.retryable = tries > 1;
    if (facts.retryAfterMs !== undefined) this.retryAfterMs = facts.retryAfterMs;
    if (status !== undefined) this.status = status;
  }
}
