/**
 * How a refactor adopts policy that changed while it runs: the layers are read again when somebody asks for it.
 * Rule: policy never comes from the message. The worker reads the layers, and each changed field is logged.
 */
import { listPolicyChanges, findLostOrganisation } from '../policy/changes.ts';
import type { PolicyReading, Adoption } from '../policy/changes.ts';
import { finishAdoption } from '../decisions/receive.ts';
import type { Received } from '../decisions/receive.ts';
import type { RefactorState } from './state.ts';
import { listRunning, log } from './work.ts';
import { findPolicyProblems } from './request.ts';

/** Adopts the layers as they are now: for the refactor from here on, and for the agents that can be told. */
export function adoptForRefactor(
  state: RefactorState,
  adoption: Adoption,
  reading: PolicyReading,
): Received<RefactorState> {
  const { receipt, by, at } = adoption;
  if (state.outcome) return finishAdoption(state, receipt, 'refused', `the refactor has ended: ${state.outcome.kind}`);
  if (reading.kind === 'bad') return finishAdoption(state, receipt, 'refused', reading.reason);
  const { policy, organisation } = reading.read;
  const lost = findLostOrganisation(state.organisation, organisation);
  if (lost !== undefined) return finishAdoption(state, receipt, 'refused', lost);
  const problems = findPolicyProblems(state, policy);
  if (problems.length > 0) return finishAdoption(state, receipt, 'refused', problems.join('; '));
  const changes = listPolicyChanges(state.policy, policy);
  const layers = organisation === undefined ? {} : { organisation };
  if (changes.length === 0) return finishAdoption({ ...state, ...layers }, receipt, 'applied', 'nothing has changed');
  const message = { verb: 'adoptPolicy' as const, by, id: receipt };
  const forwards = listRunning(state).flatMap(({ id, adopts }) => (adopts ? [{ agent: id, message }] : []));
  const next = changes.reduce<RefactorState>((logged, change) => log(logged, at, `policy ${change}`), {
    ...voidDelivery(state, changes),
    ...layers,
    policy,
    forwards: [...state.forwards, ...forwards],
    deviations: [...state.deviations, `${by} had the policy read again: ${changes.join('; ')}`.slice(0, 2000)],
  });
  return finishAdoption(next, receipt, 'applied', `adopted: ${changes.join('; ')}`);
}

/** A delivery that was approved under other rules, and has not begun, is asked for again. */
function voidDelivery(state: RefactorState, changes: readonly string[]): RefactorState {
  const isOther = changes.some((change) => /^(decisions\.|gates\.delivery|effects\.)/.test(change));
  if (!isOther || !state.deliveryApproved || state.delivered) return state;
  return { ...state, deliveryApproved: null, evidenceFor: null };
}
