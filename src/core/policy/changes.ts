/**
 * Policy that is read again while a run is under way: who asked, the result, and the differences.
 * Rule: policy never comes from the message. The worker reads the layers.
 */
import type { PolicyRead } from './layer-sources.ts';
import { listFields } from './policy.ts';
import type { EffectivePolicy } from './policy.ts';

/** The result of reading the layers again. */
export type PolicyReading = { kind: 'read'; read: PolicyRead } | { kind: 'bad'; reason: string };

/** A requested adoption of policy: its receipt, the name of its sender (a claim), and its time. */
export interface Adoption {
  receipt: string;
  by: string;
  at: number;
}

/** Each field that differs, with its old value, its new value, and the layer of the new one. */
export function listPolicyChanges(before: EffectivePolicy, after: EffectivePolicy): string[] {
  const old = new Map(listFields(before).map(({ name, value }) => [name, JSON.stringify(value)]));
  return listFields(after).flatMap(({ name, value, from }) => {
    const [was, is] = [old.get(name), JSON.stringify(value)];
    return was === is ? [] : [`${name}: ${was ?? 'not set'} → ${is} (${from})`];
  });
}

/**
 * Why a reading can't be adopted: a run that began under an organisation's policy never continues without one.
 * Undefined if it can.
 */
export function findLostOrganisation(
  before: string | null | undefined,
  now: string | null | undefined,
): string | undefined {
  if (typeof before !== 'string' || typeof now === 'string') return undefined;
  return "this run began under the organisation's policies, and the worker that read the layers has none: set COXSWAIN_POLICIES on that worker";
}
