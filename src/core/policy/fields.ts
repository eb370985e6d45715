/**
 * A field of policy: how people write it, its built-in value, and how the values of two layers become one. From a tree
 * of fields follow the schema of a file, the types of a file and of the policy in force, and the table in the docs.
 * Rule: `tighten` returns a value at least as strict as both. It is associative, and two equal values stay the same.
 */
import { z } from 'zod';
import type { NetworkGrant } from '../egress.ts';
import { networkGrantSchema } from '../egress.ts';
import type { GateRule } from '../risk.ts';
import { GATE_RULES, stricter } from '../risk.ts';
import { tightenNetwork } from './network-grants.ts';

export type LfsRule = 'pointers' | 'content';

/** Marks a field or group that policies in force of older runs don't have. */
const NEWER = Symbol('newer');
/** Marks an older name of fields. Files may still have it; no policy in force does. */
const OLDER = Symbol('older');

/** A field. `null` as a value means that no layer sets it; a file can't say it. */
export interface Field<T> {
  schema: z.ZodType<NonNullable<T>>;
  /** What the field sets, as a sentence for people. */
  says: string;
  /** Which of two values wins, in a few words for people. */
  joins: string;
  builtIn: { limit: T; value: T };
  tighten(this: void, one: T, other: T): T;
  /** Whether layers add to the value, so that no layer can be too loose. */
  accumulates?: boolean;
  /** The field that counts instead if a layer does not set this one. */
  orElse?: string;
  /** The only layers that may set it, if it affects more than the layer's own repositories. */
  only?: readonly string[];
  [NEWER]?: true;
  [OLDER]?: true;
}

/** Fields and groups of fields by name, nested as in a file. */
export interface FieldGroup {
  [name: string]: Field<unknown> | FieldGroup;
  [NEWER]?: true;
}

/** The value of a field in the policy in force, and the layer that it comes from. */
export interface Sourced<T> {
  value: T;
  from: string;
}

/** A group as people write it: every field may be left out. */
export type Written<G> = {
  [K in keyof G & string]?: (G[K] extends Field<infer T> ? NonNullable<T> : Written<G[K]>) | undefined;
};

type Newer<G> = { [K in keyof G & string]: G[K] extends { [NEWER]: true } ? K : never }[keyof G & string];
type Older<G> = { [K in keyof G & string]: G[K] extends { [OLDER]: true } ? K : never }[keyof G & string];
type ValueInForce<F> = F extends Field<infer T> ? Sourced<T> : InForce<F>;
/** A group in the policy in force. */
export type InForce<G> = {
  [K in Exclude<keyof G & string, Newer<G> | Older<G>>]: ValueInForce<G[K]>;
} & { [K in Newer<G>]?: ValueInForce<G[K]> };

export function newer<F extends object>(field: F): F & { [NEWER]: true } {
  return { ...field, [NEWER]: true };
}

export function older<F extends object>(field: F): F & { [OLDER]: true } {
  return { ...field, [OLDER]: true };
}

function isField(node: Field<unknown> | FieldGroup): node is Field<unknown> {
  return typeof node['tighten'] === 'function';
}

/** The same field for each of these names. */
export function each<K extends string, F>(names: readonly K[], field: (name: K) => F): Record<K, F> {
  return Object.fromEntries(names.map((name) => [name, field(name)])) as Record<K, F>;
}

/** The schema of a group as people write it. An unknown name is an error. */
export function schemaOf<G extends FieldGroup>(group: G): z.ZodType<Written<G>> {
  const shape = Object.entries(group).map(([name, node]) => {
    const schema: z.ZodType = isField(node) ? node.schema.describe(node.says) : schemaOf(node);
    return [name, schema.optional()];
  });
  return z.strictObject(Object.fromEntries(shape) as Record<string, z.ZodType>) as unknown as z.ZodType<Written<G>>;
}

/** The fields of a group by their whole names, such as `gates.plan`; those under an older name are left out. */
export function flatten(group: FieldGroup, prefix = ''): [name: string, field: Field<unknown>][] {
  return Object.entries(group).flatMap(([name, node]): [string, Field<unknown>][] => {
    if (!isField(node)) return flatten(node, `${prefix}${name}.`);
    return node[OLDER] ? [] : [[`${prefix}${name}`, node]];
  });
}

export function gate(limit: GateRule, says: string): Field<GateRule> {
  return {
    schema: z.enum(GATE_RULES),
    says,
    joins: 'the stricter rule',
    builtIn: { limit, value: limit },
    tighten: stricter,
  };
}

/** A maximum. */
export function most(
  schema: z.ZodType<number>,
  builtIn: { limit: number; value: number },
  says: string,
): Field<number> {
  return { schema, says, joins: 'the smaller number', builtIn, tighten: (one, other) => Math.min(one, other) };
}

/** A minimum. */
export function least(
  schema: z.ZodType<number>,
  builtIn: { limit: number; value: number },
  says: string,
): Field<number> {
  return { schema, says, joins: 'the larger number', builtIn, tighten: (one, other) => Math.max(one, other) };
}

/** One of two words, of which the second is the stricter. */
export function word<T extends string>(
  [loose, strict]: readonly [T, T],
  says: string,
  value: NoInfer<T> = loose,
): Field<T> {
  return {
    schema: z.enum([loose, strict]) as unknown as z.ZodType<NonNullable<T>>,
    says,
    joins: `\`${strict}\``,
    builtIn: { limit: loose, value },
    tighten: (one, other) => (one === strict || other === strict ? strict : loose),
  };
}

/** A list of prohibitions. */
export function prohibitions(schema: z.ZodType<string[]>, says: string): Field<string[]> {
  return {
    schema,
    says,
    joins: 'both lists',
    builtIn: { limit: [], value: [] },
    tighten: (one, other) => [...new Set([...one, ...other])].toSorted(),
    accumulates: true,
  };
}

/** A permission, which no layer gives by itself. */
export function permission(says: string): Field<boolean> {
  return {
    schema: z.boolean(),
    says,
    joins: '`true` only if both say so',
    builtIn: { limit: true, value: false },
    tighten: (one, other) => one && other,
  };
}

/** A grant of the network, which no layer gives by itself. */
export function allowance(says: string): Field<NetworkGrant> {
  return {
    schema: networkGrantSchema,
    says,
    joins: 'what both grant',
    builtIn: { limit: true, value: false },
    tighten: tightenNetwork,
  };
}
