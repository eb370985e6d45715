/**
 * A policy that is read again while a run is under way: who asked for it, what came of it, and what is different.
 * Rule: nothing of a message becomes policy; the worker reads the layers.
 */
import type { PolicyRead } from './layer-sources.ts';
import { listFields } from './policy.ts';
import type { EffectivePolicy } from './policy.ts';

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

/** A run that began under an organisation's policy never goes on without one, whichever worker reads the layers. */
export function findLostOrganisation(
  before: string | null | undefined,
  now: string | null | undefined,
): string | undefined {
  if (typeof before !== 'string' || typeof now === 'string') return undefined;
  return 'the worker that read the layers has no policies of the organisation, which this run began under: set COXSWAIN_POLICIES on that worker';
}
