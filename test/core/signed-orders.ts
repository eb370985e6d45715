/**
 * Orders as people sign them, to a refactor and to an agent, for tests of who may give them.
 * Rule: each is faultless; a test itself adds the fault.
 */
import { advanceAgent } from '../../src/core/agent/advance.ts';
import { createAgent } from '../../src/core/agent/next.ts';
import { receiveForAgent } from '../../src/core/agent/messages.ts';
import type { AgentState } from '../../src/core/agent/state.ts';
import type { Verb } from '../../src/core/decisions/messages.ts';
import { readMessage } from '../../src/core/decisions/messages.ts';
import { openInRun } from '../../src/core/decisions/open-decisions.ts';
import type { Policy } from '../../src/core/policy/policy.ts';
import type { MessageResult } from '../../src/core/decisions/receipts.ts';
import { receiveForRefactor } from '../../src/core/refactor/messages.ts';
import type { OrderMessage } from '../../src/core/decisions/signed-text.ts';
import { renderSignedText, subjectOfOrder } from '../../src/core/decisions/signed-text.ts';
import { PLACE } from './approval-attacks.ts';
import { policyOf, sha, shell, specOf, thought } from './builders.ts';
import { Keys, plainKeys } from './signers.ts';
import type { World } from './world.ts';

export const keys = new Keys(plainKeys);
export const DECISIONS: NonNullable<Policy['decisions']> = {
  signatures: 'required',
  approvers: ['ann', 'bob', 'carl'].map((name) => keys.approver(name, name === 'carl' ? { may: [] } : {})),
};

let nonce = 0;
/** An id that no other message has. */
export const freshOrderId = (): string => `order-${nonce++}`;

/** A signed order for a workflow. */
export function order(who: string, workflow: string, verb: Verb, fields: object = {}): object {
  const message = { id: freshOrderId(), ...fields };
  const read = readMessage(verb, [message]);
  if (read.kind === 'bad') throw new Error(read.problem);
  const subject = subjectOfOrder(workflow, read.message as OrderMessage, PLACE);
  return { ...message, signature: keys.signText(who, renderSignedText(subject, read.message as OrderMessage)) };
}

export async function give(run: World, verb: Verb, message: object): Promise<MessageResult> {
  return await keys.deliver(
    () => run.refactor,
    (state) => (run.refactor = state),
    (state, verified) => receiveForRefactor(state, verb, [message], run.now, verified),
  );
}

/** An agent with a call that waits for its decision. */
export function asking(decisions: Policy['decisions']): { read: () => AgentState; give: typeof giveAgent } {
  const policy = policyOf({ gates: { commands: 'ask' }, decisions });
  let state = createAgent('r/a.1', specOf({ policy, requestedBy: 'rita', run: null, refactor: 'r' }));
  state = { ...state, rules: 2, control: openInRun(state.control, PLACE) };
  state = advanceAgent(state, { kind: 'began', at: 1, head: sha('root') });
  state = advanceAgent(state, thought(state, 1, shell('c1', 'rm -r lib')));
  const giveAgent = async (verb: Verb, message: object): Promise<MessageResult> =>
    await keys.deliver(
      () => state,
      (next) => (state = next),
      (next, verified) => receiveForAgent(next, verb, [message], 2, false, verified),
    );
  return { read: () => state, give: giveAgent };
}
