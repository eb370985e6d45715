/**
 * How an agent adopts a policy that was read again.
 * Rule: it counts for later decisions. A network that it withdraws is withdrawn at once.
 */
import type { AgentState } from './state.ts';
import { publish, say } from './work.ts';
import type { Setup } from '../execution.ts';
import { tightenForIsolation } from '../policy/isolation.ts';
import type { PolicyInput } from '../policy/layer-sources.ts';
import type { PolicyReading, Adoption } from '../policy/changes.ts';
import { listPolicyChanges, findLostOrganisation } from '../policy/changes.ts';
import { tightenNetwork } from '../policy/network-grants.ts';
import type { EffectivePolicy } from '../policy/policy.ts';
import type { Received } from '../decisions/receive.ts';
import { finishAdoption } from '../decisions/receive.ts';

/** The input for reading an agent's policy; undefined for an agent from before this could be done. */
export function policyInputOf({ spec }: AgentState): PolicyInput | undefined {
  if (spec.run === undefined) return undefined;
  const { repository, base, team, run, startDigest } = spec;
  const said = startDigest === undefined ? {} : { startDigest };
  return { repository, base, team, run, ...said, begun: true };
}

/** Adopts the layers as they are now. They count for later decisions; what people allowed the agent stays allowed. */
export function adoptForAgent(
  state: AgentState,
  { receipt, at }: Adoption,
  reading: PolicyReading,
): Received<AgentState> {
  if (state.outcome) return finishAdoption(state, receipt, 'refused', `the agent has ${state.outcome.kind} already`);
  if (reading.kind === 'bad') return finishAdoption(state, receipt, 'refused', reading.reason);
  const { organisation } = reading.read;
  const lost = findLostOrganisation(state.spec.organisation, organisation);
  if (lost !== undefined) return finishAdoption(state, receipt, 'refused', lost);
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
  return finishAdoption(publish(next), receipt, 'applied', detail);
}

/** Withdraws a network at once, since no worker would run the setup with it any more. */
function tightenSetup(setup: Setup | null, { network }: EffectivePolicy): Setup | null {
  return setup && { ...setup, network: tightenNetwork(setup.network, network.setup.value) };
}
