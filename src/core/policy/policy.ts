/**
 * Policy: what a run may do without asking, as people write it and as it is in force.
 * Rule: each field is written once, here or in a file that this one names. Schema, types, the join of layers and the
 * table in docs/reference.md follow from it. Every field in force names the layer that it comes from.
 */
import { z } from 'zod';
import { UNLIMITED_BUDGET } from '../budget/amounts.ts';
import { DECISIONS } from './decision-fields.ts';
import type { Field, InForce, LfsRule, Sourced, Written } from './fields.ts';
import { allowance, flatten, gate, most, newer, permission, prohibitions, schemaOf, word } from './fields.ts';
import { NOTIFY } from './notify-field.ts';
import { REVIEW } from './review-fields.ts';
import { EFFECTS, RULES } from './rules-and-effects.ts';
import { SHARED_BUDGETS } from './shared-budgets.ts';

const count = (limit: number): z.ZodInt => z.int().min(1).max(limit);

/** The number of files, lines or minutes that means unlimited. */
export const UNLIMITED = 1e6;
const { tokens: UNLIMITED_TOKENS, usd: UNLIMITED_USD } = UNLIMITED_BUDGET;

/** A whole number up to one that means unlimited. */
const upTo = (limit: number, says: string): Field<number> => most(count(limit), { limit, value: limit }, says);

/** All fields. Their names in a file follow from their places here. */
const FIELDS = {
  gates: {
    plan: gate('ask', 'Whether a person approves the plan, before any work.'),
    delivery: gate('ask', 'Whether a person approves the result, before it is delivered.'),
    commands: gate(
      'allow',
      'Whether commands and patches of agents, in the sandbox, run where no rule speaks against them.',
    ),
    scope: gate('ask', "Whether changes outside a task's paths are kept."),
  },
  network: {
    setup: allowance('The network for the setup command: `true` for all public addresses, or a list of hosts.'),
  },
  lfs: newer(
    word<LfsRule>(
      ['content', 'pointers'],
      'Whether workspaces get pointers or the contents of files that git LFS keeps.',
      'pointers',
    ),
  ),
  model: {
    background: permission(
      'Whether the provider makes responses in the background, so that none is paid twice. The provider then stores them.',
    ),
  },
  maxParallelAgents: most(count(100), { limit: 100, value: 4 }, 'Most agents of a run that work at the same time.'),
  task: {
    maxSteps: upTo(1000, 'Most model calls of a task.'),
    maxTokens: upTo(1e9, 'Most input and output tokens of a task together.'),
    maxFiles: newer(upTo(UNLIMITED, 'Most files that a task may change without asking.')),
    maxLines: newer(upTo(UNLIMITED, 'Most lines that a task may change without asking.')),
  },
  budget: {
    tokens: upTo(UNLIMITED_TOKENS, 'Most tokens of the whole refactor.'),
    usd: newer(
      most(
        z.number().positive().max(UNLIMITED_USD),
        { limit: UNLIMITED_USD, value: UNLIMITED_USD },
        "Most US dollars of the whole refactor, by the workers' price table.",
      ),
    ),
    minutes: newer(
      most(
        z.number().positive().max(UNLIMITED),
        { limit: UNLIMITED, value: UNLIMITED },
        'Most minutes of work of the whole refactor, without the time that it waits for people.',
      ),
    ),
  },
  sharedBudgets: newer(SHARED_BUDGETS),
  notify: newer(NOTIFY),
  protectedPaths: prohibitions(z.array(z.string().min(1).max(500)).max(500), 'Globs that no task may change.'),
  artefacts: newer(
    prohibitions(
      z
        .array(
          z
            .string()
            .min(1)
            .max(200)
            .regex(/^[^!#\s]/),
        )
        .max(200),
      'Further files that tools leave and that no checkpoint keeps: lines as in a `.gitignore`.',
    ),
  ),
  rules: newer(RULES),
  effects: newer(EFFECTS),
  review: newer(REVIEW),
  decisions: newer(DECISIONS),
};
const BY_NAME = new Map(flatten(FIELDS));
/** The names of all fields, such as `gates.plan`. */
export const NAMES = [...BY_NAME.keys()];

/** Settings as people write them. Every field may be left out. */
export const policySchema = schemaOf(FIELDS);
export type Policy = Written<typeof FIELDS>;

/** The policy in force. Fields that are optional are left out in runs from before there were such fields. */
export type EffectivePolicy = InForce<typeof FIELDS>;

/** A field by its name. */
export function fieldOf(name: string): Field<unknown> {
  const field = BY_NAME.get(name);
  if (!field) throw new Error(`no field of policy is named ${name}`);
  return field;
}

export function isLooser(field: Field<unknown>, value: unknown, limit: unknown): boolean {
  // A value that is tightened by itself has its plainest spelling, so equal values compare as equal.
  return showValue(field.tighten(value, limit)) !== showValue(field.tighten(value, value));
}

export function showValue(value: unknown): string {
  return JSON.stringify(value);
}

/** The value that a layer sets for a field; undefined if it sets none. */
export function readField(policy: Policy | undefined, name: string): unknown {
  return readAt(policy, nameIn(policy, name));
}

/** The name of the field that a layer's value for a field comes from. */
export function nameIn(policy: Policy | undefined, name: string): string {
  const { orElse } = fieldOf(name);
  return orElse !== undefined && readAt(policy, name) === undefined ? orElse : name;
}

function readAt(policy: Policy | undefined, name: string): unknown {
  return name.split('.').reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], policy);
}

/** `{ 'gates.plan': x }` becomes `{ gates: { plan: x } }`. */
export function nest(flat: Record<string, unknown>): EffectivePolicy {
  const nested: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(flat)) {
    const groups = name.split('.');
    const field = groups.pop() ?? '';
    const group = groups.reduce((at, key) => (at[key] ??= {}) as Record<string, unknown>, nested);
    group[field] = value;
  }
  return nested as unknown as EffectivePolicy;
}

/** All fields of a policy, with names, values and sources. */
export function listFields(policy: EffectivePolicy): { name: string; value: unknown; from: string }[] {
  return NAMES.flatMap((name) => {
    const field = readField(policy as unknown as Policy, name) as Sourced<unknown> | undefined;
    return field ? [{ name, value: field.value, from: field.from }] : [];
  });
}
