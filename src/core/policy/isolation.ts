/**
 * How policy changes if commands have no isolation.
 * Rule: the run's own setting of gates.commands stays as it is.
 */
import type { EffectivePolicy } from './policy.ts';

/** The source that a gate shows when it asks because of missing isolation. */
export const NO_ISOLATION = 'isolation none';

/** Without isolation every command asks, except read-only ones, unless the run's own policy sets gates.commands. */
export function tightenForIsolation(
  policy: EffectivePolicy,
  isolation: 'bwrap' | 'external' | 'none',
): EffectivePolicy {
  const { commands } = policy.gates;
  if (isolation !== 'none' || commands.from === 'run' || commands.value !== 'allow') return policy;
  return { ...policy, gates: { ...policy.gates, commands: { value: 'ask', from: NO_ISOLATION } } };
}
