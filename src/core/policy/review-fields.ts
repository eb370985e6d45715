/**
 * What policy says of reviews: by which model, how often, and when a verdict makes people look.
 * Rule: tightening only ever adds reviews and questions; a reviewer that a layer above asks for can't be taken away.
 */
import { z } from 'zod';
import type { Field } from './fields.ts';
import { most } from './fields.ts';
import { worse } from '../risk.ts';
import type { Risk } from '../risk.ts';

const part = z.number().min(0).max(1);

/** Settings as people write them. */
export const reviewPolicySchema = z.strictObject({
  /** A model of the configured provider, another one than the agents' or the same. Left out: nobody reviews. */
  model: z.string().min(1).max(200).optional(),
  /** The part of results that is reviewed whatever is in them: 1 for all. */
  sample: part.optional(),
  /** The part of calls that is reviewed before they run; those that a rule asks about all are. */
  actions: part.optional(),
  /** The risk of a static finding from which on a result is always reviewed. */
  atRisk: z.enum(['low', 'medium', 'high']).optional(),
  /** The suspicion from which on a person is asked; a high risk always asks. */
  askAt: part.optional(),
});

type Sourced<T> = { value: T; from: string };
/** This part of the policy in force. */
export interface SourcedReview {
  model: Sourced<string | null>;
  sample: Sourced<number>;
  /** Left out by runs of before calls were reviewed. */
  actions?: Sourced<number>;
  atRisk: Sourced<Risk>;
  askAt: Sourced<number>;
}

const model: Field<string | null> = {
  builtIn: { limit: null, value: null },
  // Of two names either is a reviewer; always the same one, in whichever order layers are joined.
  tighten: (one, other) => (one === null || other === null ? (one ?? other) : one < other ? one : other),
};

/** A part of what is looked at; the larger wins. */
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
