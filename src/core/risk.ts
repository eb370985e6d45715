/**
 * Words of every gate: how much hangs on something, and what the gate says of it.
 */

export type Risk = 'low' | 'medium' | 'high';

export type GateRule = 'allow' | 'ask' | 'deny';

export const RISKS: Record<Risk, number> = { low: 0, medium: 1, high: 2 };

/** The higher of two risks. */
export function worse(one: Risk, other: Risk): Risk {
  return RISKS[one] >= RISKS[other] ? one : other;
}
