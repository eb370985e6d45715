/**
 * The warrants for a refactor's activities: setups with a network, its delivery, its pull request.
 * Rule: they contain the approvals as signed. The worker that gets them counts again.
 */
import type { Decision } from '../decisions/control.ts';
import type { DeliverySubject } from './delivery.ts';
import { isUnwarranted } from '../failures.ts';
import type { IntegrateInput } from './exchange.ts';
import type { RefactorCommand, RefactorEvent, RefactorState, TaskState } from './state.ts';
import { redBeforeOf } from './work.ts';
import { authorsOf, digestStart } from './request.ts';
import type { Sha } from '../transcript.ts';
import type { Warrant } from '../decisions/warrant.ts';
import { warrantFor } from '../decisions/warrant.ts';

/** What a person approves at the delivery gate: exactly this commit, on this base, under this plan. */
export function deliverySubject(state: RefactorState, line: Sha): DeliverySubject {
  return { commit: line, base: state.prepared?.commit ?? '', branch: state.branch, plan: state.plan?.digest ?? '' };
}

/**
 * The digest of the start for which a person at a terminal may have allowed a network. With another setup the digest
 * differs, and no network was allowed for it.
 */
export function startOfSetup({ input, setup = input.setup, startDigest }: RefactorState): { startDigest?: string } {
  if (setup !== input.setup) return { startDigest: digestStart({ ...input, setup }) };
  return startDigest === undefined ? {} : { startDigest };
}

/** What a worker needs to read this refactor's policy itself. */
export function warrantOf(state: RefactorState, decision?: Decision): Warrant {
  const { input, organisation } = state;
  const authors = authorsOf(state);
  const of = { team: input.team, run: input.policy, organisation, ...startOfSetup(state), authors };
  return warrantFor(of, decision);
}

/** A reservation with what the worker needs to read the accounts' limits itself. */
export function warrantReservation(state: RefactorState, command: RefactorCommand): RefactorCommand {
  if (command.kind !== 'reserve') return command;
  const place = { repository: state.input.repository, base: state.prepared?.commit ?? state.policyFrom ?? null };
  return { kind: 'reserve', input: { ...command.input, place, warrant: warrantOf(state) } };
}

/** What a task's agent says about its result, which the worker compares with the hub. */
export function claimOf(state: RefactorState, work: TaskState): Pick<IntegrateInput, 'result' | 'permits' | 'warrant'> {
  const { agent, task, evidence, permits = [], forkIds } = work;
  if (agent === undefined) return {};
  const redBefore = redBeforeOf(state).map(({ command }) => command);
  const spend = state.agents.find(({ id }) => id === agent)?.report?.spend;
  return {
    result: {
      agent,
      task: task.id,
      checks: task.checks,
      ...(redBefore.length > 0 ? { redBefore } : {}),
      evidence: evidence.map(({ command, green, commit, tree, outputDigest, log }) => ({
        command,
        green,
        commit,
        tree,
        outputDigest,
        ...(log === undefined ? {} : { log }),
      })),
      // The steps of a fork before its checkpoint are another agent's.
      ...(spend && !forkIds?.length ? { spend } : {}),
    },
    permits,
    warrant: warrantOf(state),
  };
}

/** The warrant of the delivery: with its decision, and the policy under which it was made. */
export function warrantDelivery(state: RefactorState): Warrant {
  const { policy, control, deliveryApproved } = state;
  const decision = control.decisions.findLast(
    ({ kind, digest, closed }) =>
      kind === 'delivery' && closed?.outcome === 'approved' && digest === deliveryApproved?.digest,
  );
  return { ...warrantOf(state, decision), policy };
}

/** Marks what a worker had no warrant for to be decided again, under the policy that is read after a resume. */
export function dropUnwarranted(
  state: RefactorState,
  { what, type }: Extract<RefactorEvent, { kind: 'failed' }>,
): RefactorState {
  if (!isUnwarranted(type)) return state;
  if (what === 'prepare') return { ...state, policyFrom: null };
  return what === 'deliver' ? { ...state, deliveryApproved: null, evidenceFor: null } : state;
}
