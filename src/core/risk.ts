/**
 * The words of every gate: how large a risk is, and what the gate's rule says.
 */

export type Risk = 'low' | 'medium' | 'high';

export type GateRule = 'allow' | 'ask' | 'deny';

export const RISKS: Record<Risk, number> = { low: 0, medium: 1, high: 2 };

/** The higher of two risks. */
export function worse(one: Risk, other: Risk): Risk {
  return RISKS[one] >= RISKS[other] ? one : other;
}
