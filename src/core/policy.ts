/**
 * What a run may do without asking: the gates, limits and grants, each with the layer that it came from.
 * Rule: a nearer layer may only tighten what a farther one limits; a looser one is an error, never silently ignored.
 */
import { z } from 'zod';
import { networkGrantSchema } from './egress.ts';
import type { NetworkGrant } from './egress.ts';

const gateSchema = z.enum(['allow', 'ask', 'deny']);
export type GateRule = z.infer<typeof gateSchema>;

/** A policy as people write it; every field may be left out. */
export const policySchema = z.strictObject({
  gates: z
    .strictObject({
      plan: gateSchema.optional(),
      delivery: gateSchema.optional(),
      /** Commands and patches of agents, in the sandbox. */
      commands: gateSchema.optional(),
      /** Changes outside a task's paths. */
      scope: gateSchema.optional(),
    })
    .optional(),
  /** What of the network the setup command may use: `true` for all, or a list of hosts. */
  network: z.strictObject({ setup: networkGrantSchema.optional() }).optional(),
  /** Most agents that work at the same time. */
  maxParallelAgents: z.number().int().min(1).max(100).optional(),
});
export type Policy = z.infer<typeof policySchema>;

/** One field of the effective policy and the layer that it came from. */
export interface Sourced<T> {
  value: T;
  from: string;
}

/** The policy in force, each field with its source. */
export interface EffectivePolicy {
  gates: {
    plan: Sourced<GateRule>;
    delivery: Sourced<GateRule>;
    commands: Sourced<GateRule>;
    scope: Sourced<GateRule>;
  };
  network: { setup: Sourced<NetworkGrant> };
  maxParallelAgents: Sourced<number>;
}

const BUILT_IN = 'built-in';
const STRICTNESS: Record<GateRule, number> = { allow: 0, ask: 1, deny: 2 };
/** Below these no layer may go: a person sees the plan, what leaves its scope, and what is delivered. */
const GATE_LIMITS: Record<keyof EffectivePolicy['gates'], GateRule> = {
  plan: 'ask',
  delivery: 'ask',
  commands: 'allow',
  scope: 'ask',
};

export type PolicyResult = { kind: 'ok'; policy: EffectivePolicy } | { kind: 'bad'; problems: string[] };

/** Lays a run's own policy over the built-in one; looser values than the limits are problems. */
export function resolvePolicy(run: Policy | undefined): PolicyResult {
  const problems: string[] = [];
  const gate = (name: keyof EffectivePolicy['gates']): Sourced<GateRule> => {
    const limit = GATE_LIMITS[name];
    const value = run?.gates?.[name];
    if (value === undefined) return { value: limit, from: BUILT_IN };
    if (STRICTNESS[value] < STRICTNESS[limit]) {
      problems.push(`policy.gates.${name}: "${value}" is looser than the limit "${limit}" of the ${BUILT_IN} layer`);
    }
    return { value, from: 'run' };
  };
  const field = <T>(value: T | undefined, fallback: T): Sourced<T> =>
    value === undefined ? { value: fallback, from: BUILT_IN } : { value, from: 'run' };
  const policy: EffectivePolicy = {
    gates: { plan: gate('plan'), delivery: gate('delivery'), commands: gate('commands'), scope: gate('scope') },
    network: { setup: field<NetworkGrant>(run?.network?.setup, false) },
    maxParallelAgents: field(run?.maxParallelAgents, 4),
  };
  return problems.length > 0 ? { kind: 'bad', problems } : { kind: 'ok', policy };
}

/**
 * Tightens a policy for commands that run without isolation: each one asks, unless the run itself says what it wants.
 */
export function tightenForIsolation(
  policy: EffectivePolicy,
  isolation: 'bwrap' | 'external' | 'none',
): EffectivePolicy {
  if (isolation !== 'none' || policy.gates.commands.from !== BUILT_IN) return policy;
  return { ...policy, gates: { ...policy.gates, commands: { value: 'ask', from: 'isolation none' } } };
}
