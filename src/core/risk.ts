/**
 * How much hangs on something: three grades, and the higher of two.
 */

export type Risk = 'low' | 'medium' | 'high';

export const RISKS: Record<Risk, number> = { low: 0, medium: 1, high: 2 };

/** The higher of two risks. */
export function worse(one: Risk, other: Risk): Risk {
  return RISKS[one] >= RISKS[other] ? one : other;
}
