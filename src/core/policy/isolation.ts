/**
 * What policy becomes where nothing isolates commands.
 * Rule: a run that says what it wants of commands gets that.
 */
import type { EffectivePolicy } from './policy.ts';

/** Where a gate came from that asks because nothing isolates. */
export const NO_ISOLATION = 'isolation none';

/** Makes commands ask where nothing isolates them, except read-only ones, unless the run says what it wants. */
export function tightenForIsolation(
  policy: EffectivePolicy,
  isolation: 'bwrap' | 'external' | 'none',
): EffectivePolicy {
  const { commands } = policy.gates;
  if (isolation !== 'none' || commands.from === 'run' || commands.value !== 'allow') return policy;
  return { ...policy, gates: { ...policy.gates, commands: { value: 'ask', from: NO_ISOLATION } } };
}
