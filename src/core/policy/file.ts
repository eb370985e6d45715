/**
 * What a policy file holds, as people write it: the settings of a layer, and what only one layer's file may say.
 * Rule: an unknown field is an error.
 */
import { z } from 'zod';
import { policySchema } from './policy.ts';

/** A layer's file: what lower layers can only tighten, and what counts where nobody nearer says otherwise. */
export const policyFileSchema = z.strictObject({
  version: z.literal(1),
  limits: policySchema.optional(),
  defaults: policySchema.optional(),
  /** In a team's file: addresses of its repositories, or `…/**` for all below one. */
  repositories: z.array(z.string().trim().min(1).max(500)).max(1000).optional(),
  /** In the organisation's file: whether every repository has to be listed by a team's. */
  teams: z.enum(['required', 'optional']).optional(),
});
export type PolicyFile = z.infer<typeof policyFileSchema>;
