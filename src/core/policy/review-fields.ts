/**
 * Policy on reviews: by which model, how often, and when a verdict makes people look.
 * Rule: tightening only adds reviews and questions. A lower layer can't remove a reviewer that a higher layer names.
 */
import { z } from 'zod';
import type { Risk } from '../risk.ts';
import { RISK_WORDS, worse } from '../risk.ts';
import type { Field } from './fields.ts';
import { least, most, newer } from './fields.ts';

const part = z.number().min(0).max(1);

const model: Field<string | null> = {
  schema: z.string().min(1).max(200),
  says: "A model of the configured provider that reviews results; it may be the agents' model. Left out: no reviews.",
  joins: 'a name over none, the first of two by the alphabet',
  builtIn: { limit: null, value: null },
  // Either name is a reviewer. The choice does not depend on the order of the layers.
  tighten: (one, other) => (one === null || other === null ? (one ?? other) : one < other ? one : other),
};

const atRisk: Field<Risk> = {
  schema: z.enum(RISK_WORDS),
  says: 'Results with a static finding of this risk or a higher one are always reviewed.',
  joins: 'the lower risk',
  builtIn: { limit: 'high', value: 'medium' },
  tighten: (one, other) => (worse(one, other) === one ? other : one),
};

/** The fields of policy under `review`. */
export const REVIEW = {
  model,
  sample: least(part, { limit: 0, value: 1 }, 'The share of results that is always reviewed, from 0 to 1.'),
  actions: newer(
    least(
      part,
      { limit: 0, value: 0.05 },
      'The share of calls that is reviewed before they run, from 0 to 1. Calls that a rule asks about are always reviewed.',
    ),
  ),
  atRisk,
  askAt: most(
    part,
    { limit: 1, value: 0.5 },
    'The suspicion from which on a person is asked, from 0 to 1. A high risk always asks.',
  ),
};
