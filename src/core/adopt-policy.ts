/**
 * A policy that changed while a run is under way: read again from its layers, and adopted where somebody asks for it.
 * Rule: nothing of a message becomes policy: the worker reads the layers, and what changed is said field by field.
 */
import type { PolicyInput, PolicyRead } from './layer-sources.ts';
import type { AgentState, Setup } from './agent-state.ts';
import { publish, say } from './agent-work.ts';
import { settleReceived } from './control.ts';
import type { EffectivePolicy } from './policy.ts';
import { tightenForIsolation } from './isolation-policy.ts';
import { listFields } from './policy.ts';
import { tightenNetwork } from './policy-fields.ts';
import type { Received } from './receive.ts';
import type { RefactorState } from './refactor-state.ts';
import { listRunning, log } from './refactor-work.ts';
import { findPolicyProblems } from './request.ts';

/** What came of reading the layers again. */
export type PolicyReading = { kind: 'read'; read: PolicyRead } | { kind: 'bad'; reason: string };

/** An adoption that was asked for: its receipt, and who claims to have sent it. */
export interface Adoption {
  receipt: string;
  by: string;
  at: number;
}

/** Each field that differs, from what to what, and by which layer. */
export function listPolicyChanges(before: EffectivePolicy, after: EffectivePolicy): string[] {
  const old = new Map(listFields(before).map(({ name, value }) => [name, JSON.stringify(value)]));
  return listFields(after).flatMap(({ name, value, from }) => {
    const [was, is] = [old.get(name), JSON.stringify(value)];
    return was === is ? [] : [`${name}: ${was ?? 'not set'} → ${is} (${from})`];
  });
}

/** Takes in the layers as they are now: they are in force from here on, and for the agents that can be told. */
export function adoptForRefactor(
  state: RefactorState,
  adoption: Adoption,
  reading: PolicyReading,
): Received<RefactorState> {
  const { receipt, by, at } = adoption;
  if (state.outcome) return settle(state, receipt, 'refused', `the refactor has ended: ${state.outcome.kind}`);
  if (reading.kind === 'bad') return settle(state, receipt, 'refused', reading.reason);
  const { policy, organisation } = reading.read;
  const lost = findLostOrganisation(state.organisation, organisation);
  if (lost !== undefined) return settle(state, receipt, 'refused', lost);
  const problems = findPolicyProblems(state, policy);
  if (problems.length > 0) return settle(state, receipt, 'refused', problems.join('; '));
  const changes = listPolicyChanges(state.policy, policy);
  const layers = organisation === undefined ? {} : { organisation };
  if (changes.length === 0) return settle({ ...state, ...layers }, receipt, 'applied', 'nothing has changed');
  const message = { verb: 'adoptPolicy' as const, by, id: receipt };
  const forwards = listRunning(state).flatMap(({ id, adopts }) => (adopts ? [{ agent: id, message }] : []));
  const next = changes.reduce<RefactorState>((logged, change) => log(logged, at, `policy ${change}`), {
    ...voidDelivery(state, changes),
    ...layers,
    policy,
    forwards: [...state.forwards, ...forwards],
    deviations: [...state.deviations, `${by} had the policy read again: ${changes.join('; ')}`.slice(0, 2000)],
  });
  return settle(next, receipt, 'applied', `adopted: ${changes.join('; ')}`);
}

/** A run that began under an organisation's policy never goes on without one, whichever worker reads the layers. */
function findLostOrganisation(before: string | null | undefined, now: string | null | undefined): string | undefined {
  if (typeof before !== 'string' || typeof now === 'string') return undefined;
  return 'the worker that read the layers has no policies of the organisation, which this run began under: set COXSWAIN_POLICIES on that worker';
}

/** A delivery that was approved under other rules, and has not begun, is asked for again. */
function voidDelivery(state: RefactorState, changes: readonly string[]): RefactorState {
  const isOther = changes.some((change) => /^(decisions\.|gates\.delivery|effects\.)/.test(change));
  if (!isOther || !state.deliveryApproved || state.delivered) return state;
  return { ...state, deliveryApproved: null, evidenceFor: null };
}

/** What an agent has to know to have its policy read; undefined for one of before that. */
export function policyInputOf({ spec }: AgentState): PolicyInput | undefined {
  if (spec.run === undefined) return undefined;
  const { repository, base, team, run, startDigest } = spec;
  const said = startDigest === undefined ? {} : { startDigest };
  return { repository, base, team, run, ...said, begun: true };
}

/** The same for an agent: it counts for what is decided from here on; what was granted to it stays. */
export function adoptForAgent(
  state: AgentState,
  { receipt, at }: Adoption,
  reading: PolicyReading,
): Received<AgentState> {
  if (state.outcome) return settle(state, receipt, 'refused', `the agent has ${state.outcome.kind} already`);
  if (reading.kind === 'bad') return settle(state, receipt, 'refused', reading.reason);
  const { organisation } = reading.read;
  const lost = findLostOrganisation(state.spec.organisation, organisation);
  if (lost !== undefined) return settle(state, receipt, 'refused', lost);
  const policy = tightenForIsolation(reading.read.policy, state.spec.isolation);
  const changes = listPolicyChanges(state.spec.policy, policy);
  const next = changes.reduce((logged, change) => say(logged, at, `policy ${change}`), {
    ...state,
    spec: {
      ...state.spec,
      policy,
      setup: tightenSetup(state.spec.setup, policy),
      ...(organisation === undefined ? {} : { organisation }),
    },
  });
  const detail = changes.length === 0 ? 'nothing has changed' : `adopted: ${changes.join('; ')}`;
  return settle(publish(next), receipt, 'applied', detail);
}

/** A network that policy takes away is taken away at once: no worker would run the setup with it. */
function tightenSetup(setup: Setup | null, { network }: EffectivePolicy): Setup | null {
  return setup && { ...setup, network: tightenNetwork(setup.network, network.setup.value) };
}

function settle<S extends RefactorState | AgentState>(
  state: S,
  receipt: string,
  became: 'applied' | 'refused',
  detail: string,
): Received<S> {
  const { control, answer } = settleReceived(state.control, receipt, { state: became, detail: detail.slice(0, 4000) });
  return { state: { ...state, control }, answer };
}
