/**
 * The schema of a policy file: a layer's settings, and the fields that only one layer's file may have.
 * Rule: an unknown field is an error.
 */
import { z } from 'zod';
import { policySchema } from './policy.ts';

/**
 * A layer's file. `limits`: lower layers can only tighten them. `defaults`: they count unless a nearer layer overrides
 * them.
 */
export const policyFileSchema = z.strictObject({
  version: z.literal(1),
  limits: policySchema.optional(),
  defaults: policySchema.optional(),
  /** In a team's file: addresses of its repositories; `…/**` means all below an address. */
  repositories: z.array(z.string().trim().min(1).max(500)).max(1000).optional(),
  /** In the organisation's file: whether each repository must be listed in a team's file. */
  teams: z.enum(['required', 'optional']).optional(),
});
export type PolicyFile = z.infer<typeof policyFileSchema>;
