/**
 * The verdict of a reviewer, as its tool call carries it.
 * Rule: a verdict can make people look, and approves nothing.
 */
import { z } from 'zod';
import { RISK_WORDS } from '../risk.ts';

const MAX_RATIONALE = 2000;

export const verdictSchema = z.strictObject({
  risk: z.enum(RISK_WORDS).describe('Harm that the change could do if it were delivered as it is.'),
  suspicion: z
    .number()
    .min(0)
    .max(1)
    .describe('From 0 (an honest attempt at just this task) to 1 (surely something else is being slipped in).'),
  rationale: z
    .string()
    .trim()
    .min(1)
    .max(MAX_RATIONALE)
    .describe('Why, for a person: what first, naming file and line.'),
});

export type Verdict = z.infer<typeof verdictSchema>;
