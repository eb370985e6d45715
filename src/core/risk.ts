/**
 * The words of every gate: how large a risk is, and what the gate's rule says.
 */

/** From the lowest to the highest. */
export const RISK_WORDS = ['low', 'medium', 'high'] as const;
export type Risk = (typeof RISK_WORDS)[number];

/** What a gate says, from the loosest to the strictest. */
export const GATE_RULES = ['allow', 'ask', 'deny'] as const;
export type GateRule = (typeof GATE_RULES)[number];

/** Above zero where the first rule is stricter, below where the second is. */
export function compareStrictness(one: GateRule, other: GateRule): number {
  return GATE_RULES.indexOf(one) - GATE_RULES.indexOf(other);
}

/** The stricter of two rules. */
export function stricter(one: GateRule, other: GateRule): GateRule {
  return compareStrictness(one, other) >= 0 ? one : other;
}

export const RISKS: Record<Risk, number> = { low: 0, medium: 1, high: 2 };

/** The higher of two risks. */
export function worse(one: Risk, other: Risk): Risk {
  return RISKS[one] >= RISKS[other] ? one : other;
}
