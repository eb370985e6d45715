/**
 * What a gate says: a rule's answer, and which of several is the strictest.
 */

export type GateRule = 'allow' | 'ask' | 'deny';
