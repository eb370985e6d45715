/** What a gate says, and what policy has it say. */

export type GateRule = 'allow' | 'ask' | 'deny';
