/**
 * Receives a message that may be signed. It is recorded at once, and counts only after the worker has verified its
 * signature.
 * Rule: for a message that needs neither a signature nor policy, no activity is scheduled and nothing waits. A verified
 * message is weighed again on the state of that moment.
 */
import {
  ActivityFailure,
  allHandlersFinished,
  CancellationScope,
  patched,
  proxyLocalActivities,
} from '@temporalio/workflow';
import type { SigningActivities } from '../activities/attempt/contract.ts';
import type { SignatureQuestion, SignatureCheck, Verified } from '../core/decisions/weigh.ts';
import type { Adoption, PolicyReading } from '../core/policy/changes.ts';
import type { MessageResult } from '../core/decisions/receipts.ts';
import type { Received } from '../core/decisions/receive.ts';
import { exchangeWith } from './sealed-activities.ts';
import { readPolicyAgain } from './read-policy-again.ts';

const proxied = proxyLocalActivities<SigningActivities>({
  // Two processes of milliseconds each; a busy host may take seconds. A person waits for the answer.
  startToCloseTimeout: '10 seconds',
  retry: { maximumAttempts: 2 },
});

/** The patch since which runs end only after their handlers. */
const HANDLERS_FIRST = 'handlers-first';

/** Whether a run must wait before it ends or continues: a received message has not been answered yet. */
export function hasHandlersToEnd(): boolean {
  return !allHandlersFinished() && patched(HANDLERS_FIRST);
}

/** How a run receives a message, and the policy that was read again for it. */
export interface Takes<S> {
  receive: (state: S, verified?: Verified) => Received<S>;
  adopt: (state: S, adoption: Adoption, reading: PolicyReading) => Received<S>;
}

/** Receives a message; twice if it is signed or makes policy be read again. Returns the last answer. */
export function receiveVerified<S extends { seals?: true }>(
  read: () => S,
  update: (state: S) => void,
  { receive, adopt }: Takes<S>,
): MessageResult | Promise<MessageResult> {
  const { state, answer, verify, reads } = receive(read());
  update(state);
  if (reads) return adoptWhenRead(reads);
  return verify ? countWhenVerified(verify) : answer;

  async function adoptWhenRead({ input, receipt, by }: NonNullable<typeof reads>): Promise<MessageResult> {
    const reading = await readPolicyAgain(input, state.seals === true);
    const adopted = adopt(read(), { receipt, by, at: Date.now() }, reading);
    update(adopted.state);
    return adopted.answer;
  }

  async function countWhenVerified(question: SignatureQuestion): Promise<MessageResult> {
    const verdict = await askWorker(question, state.seals === true);
    const counted = receive(read(), { question, verdict });
    update(counted.state);
    return counted.reads ? await adoptWhenRead(counted.reads) : counted.answer;
  }
}

/** The worker's verdict. If there is none, the signature counts as bad. */
export async function askWorker(question: SignatureQuestion, seals: boolean): Promise<SignatureCheck> {
  const { verifySignature } = exchangeWith(proxied, seals);
  try {
    return await CancellationScope.nonCancellable(() => verifySignature(question));
  } catch (error) {
    if (!(error instanceof ActivityFailure)) throw error;
    return { kind: 'bad', reason: `it could not be verified: ${error.cause?.message ?? error.message}` };
  }
}
