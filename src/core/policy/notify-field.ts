/**
 * The field of policy that says who is told what of a run, and when not.
 * Rule: a receiver is only named here. Its address and its secrets are in the worker's configuration, so that no text
 * of a repository or a start makes a worker call an address or run a program.
 */
import { z } from 'zod';
import { canonicalJson } from '../digest.ts';
import type { Field } from './fields.ts';

/** What a receiver can be told of: `waits` for a person, `stalls` without progress, `ends`, or 75 % of a `budget`. */
export const NOTICE_KINDS = ['waits', 'stalls', 'ends', 'budget'] as const;
export type NoticeKind = (typeof NOTICE_KINDS)[number];

const TIME = /^([01]\d|2[0-3]):[0-5]\d$/;
/** A receiver's name: also a part of a workflow's id. */
export const receiverName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'the name of a receiver: small letters, digits and hyphens');

const quietSchema = z.strictObject({
  /** From this time of the day to that, over midnight if it is later. */
  from: z.string().regex(TIME, 'a time such as 20:00'),
  until: z.string().regex(TIME, 'a time such as 07:30'),
  /** A name of the time zone database. Left out: UTC. */
  zone: z
    .string()
    .regex(/^[A-Za-z0-9_+/-]{1,60}$/, 'a time zone such as Europe/Berlin')
    .optional(),
});
export type Quiet = z.infer<typeof quietSchema>;

const notifySchema = z
  .array(
    z.strictObject({
      to: receiverName,
      /** All kinds if left out. */
      when: z.array(z.enum(NOTICE_KINDS)).min(1).optional(),
      quiet: quietSchema.optional(),
    }),
  )
  .max(20);
export type Notify = z.infer<typeof notifySchema>[number];

/** Every layer can add receivers; none can take away those of another. */
export const NOTIFY: Field<Notify[]> = {
  schema: notifySchema,
  says: 'Receivers of notices, by their names in the configuration of the workers (`COXSWAIN_RECEIVERS`).',
  joins: 'both lists',
  builtIn: { limit: [], value: [] },
  tighten: (one, other) => {
    const joined = new Map([...one, ...other].map((entry) => [canonicalJson(entry), entry]));
    return [...joined.keys()].toSorted().flatMap((key) => joined.get(key) ?? []);
  },
  accumulates: true,
};

/** Who is told of this kind, each once, with the hours in which each of its entries wants quiet; none: never quiet. */
export function receiversOf(all: readonly Notify[], kind: NoticeKind): { to: string; quiet: Quiet[] }[] {
  const meant = all.filter(({ when }) => when === undefined || when.includes(kind));
  return [...Map.groupBy(meant, ({ to }) => to)].map(([to, entries]) => ({
    to,
    quiet: entries.every(({ quiet }) => quiet) ? entries.flatMap(({ quiet }) => quiet ?? []) : [],
  }));
}
