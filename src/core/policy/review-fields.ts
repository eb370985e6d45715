/**
 * Policy on reviews: by which model, how often, and when a verdict makes people look.
 * Rule: tightening only adds reviews and questions. A lower layer can't remove a reviewer that a higher layer names.
 */
import { z } from 'zod';
import type { Field } from './fields.ts';
import { most } from './fields.ts';
import { worse } from '../risk.ts';
import type { Risk } from '../risk.ts';

const part = z.number().min(0).max(1);

/** Settings as people write them. */
export const reviewPolicySchema = z.strictObject({
  /** A model of the configured provider; it may be the agents' model. Left out: no reviews. */
  model: z.string().min(1).max(200).optional(),
  /** The share of results that is always reviewed, from 0 to 1. */
  sample: part.optional(),
  /**
   * The share of calls that is reviewed before they run, from 0 to 1. Calls that a rule asks about are always reviewed.
   */
  actions: part.optional(),
  /** Results with a static finding of this risk or a higher one are always reviewed. */
  atRisk: z.enum(['low', 'medium', 'high']).optional(),
  /** The suspicion from which on a person is asked, from 0 to 1. A high risk always asks. */
  askAt: part.optional(),
});

type Sourced<T> = { value: T; from: string };
/** These fields in the policy in force. */
export interface SourcedReview {
  model: Sourced<string | null>;
  sample: Sourced<number>;
  /** Left out in runs from before calls were reviewed. */
  actions?: Sourced<number>;
  atRisk: Sourced<Risk>;
  askAt: Sourced<number>;
}

const model: Field<string | null> = {
  builtIn: { limit: null, value: null },
  // Either name is a reviewer. The choice does not depend on the order of the layers.
  tighten: (one, other) => (one === null || other === null ? (one ?? other) : one < other ? one : other),
};

/** A share that is reviewed. The larger one wins. */
function least(value: number): Field<number> {
  return { builtIn: { limit: 0, value }, tighten: (one, other) => Math.max(one, other) };
}

/** The fields of policy under `review`, by name. */
export const REVIEW_FIELDS = {
  'review.model': model,
  'review.sample': least(1),
  'review.actions': least(0.05),
  'review.atRisk': {
    builtIn: { limit: 'high', value: 'medium' },
    tighten: (one, other) => (worse(one, other) === one ? other : one),
  } satisfies Field<Risk> as Field<Risk>,
  'review.askAt': most({ limit: 1, value: 0.5 }),
};
