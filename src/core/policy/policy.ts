/**
 * Policy: what a run may do without asking, as people write it and as it is in force, and the list of its fields.
 * Rule: each field is in the list once, with the way in which two values of it join. Every field in force names the
 * layer that it comes from.
 */
import { z } from 'zod';
import { sharedBudgetsSchema, UNLIMITED_BUDGET } from '../budget/amounts.ts';
import type { SharedBudget } from '../budget/amounts.ts';
import { decisionsPolicySchema } from './approvers.ts';
import type { SourcedRules } from './approvers.ts';
import { DECISION_FIELDS } from './decision-fields.ts';
import { networkGrantSchema } from '../egress.ts';
import type { NetworkGrant } from '../egress.ts';
import type { GateRule } from '../risk.ts';
import { GATE_RULES } from '../risk.ts';
import type { CommandRule } from '../commands/rule-on-command.ts';
import type { SourcedEffects } from './rules-and-effects.ts';
import { effectsPolicySchema, RULES_AND_EFFECTS_FIELDS, rulesPolicySchema } from './rules-and-effects.ts';
import { allowance, gate, lfsContent, most, permission, prohibitions } from './fields.ts';
import type { Field, LfsRule } from './fields.ts';
import type { SourcedReview } from './review-fields.ts';
import { REVIEW_FIELDS, reviewPolicySchema } from './review-fields.ts';
import { SHARED_BUDGETS } from './shared-budgets.ts';

const gateSchema = z.enum(GATE_RULES);
const count = (max: number): z.ZodInt => z.int().min(1).max(max);

const { tokens: UNLIMITED_TOKENS, usd: UNLIMITED_USD } = UNLIMITED_BUDGET;

/** Settings as people write them. Every field may be left out. */
export const policySchema = z.strictObject({
  gates: z
    .strictObject({
      plan: gateSchema.optional(),
      delivery: gateSchema.optional(),
      /** Commands and patches of agents, in the sandbox. */
      commands: gateSchema.optional(),
      /** Changes outside a task's paths. */
      scope: gateSchema.optional(),
    })
    .optional(),
  /** The network for the setup command: `true` for all public addresses, or a list of hosts. */
  network: z.strictObject({ setup: networkGrantSchema.optional() }).optional(),
  /** Whether workspaces get pointers or the contents of files that git LFS keeps. */
  lfs: z.enum(['pointers', 'content']).optional(),
  model: z
    .strictObject({
      /**
       * Whether the provider makes responses in the background, so that none is paid twice. The provider then stores
       * them.
       */
      background: z.boolean().optional(),
    })
    .optional(),
  /** Most agents that work at the same time. */
  maxParallelAgents: count(100).optional(),
  /** Most that one task may take: model calls, input and output tokens together, changed files, changed lines. */
  task: z
    .strictObject({
      maxSteps: count(1000).optional(),
      maxTokens: count(1e9).optional(),
      maxFiles: count(1e6).optional(),
      maxLines: count(1e6).optional(),
    })
    .optional(),
  /** Most that the whole refactor may take. */
  budget: z
    .strictObject({
      tokens: count(UNLIMITED_TOKENS).optional(),
      /** US dollars, by the workers' price table. */
      usd: z.number().positive().max(UNLIMITED_USD).optional(),
      /** Minutes of work, without the time that it waits for people. */
      minutes: z.number().positive().max(1e6).optional(),
    })
    .optional(),
  /** Accounts that count what all their refactors take together. */
  sharedBudgets: sharedBudgetsSchema.optional(),
  /** Globs that no task may change. */
  protectedPaths: z.array(z.string().min(1).max(500)).max(500).optional(),
  /** Further files that tools leave and that no checkpoint keeps: lines as in a `.gitignore`. */
  artefacts: z
    .array(
      z
        .string()
        .min(1)
        .max(200)
        .regex(/^[^!#\s]/),
    )
    .max(200)
    .optional(),
  rules: rulesPolicySchema.optional(),
  effects: effectsPolicySchema.optional(),
  /** A second model that reviews results before they are integrated. */
  review: reviewPolicySchema.optional(),
  /** Who decides what, with which proof, and what happens if nobody decides. */
  decisions: decisionsPolicySchema.optional(),
});
export type Policy = z.infer<typeof policySchema>;

/** A field of the policy in force, and the layer that it comes from. */
export interface Sourced<T> {
  value: T;
  from: string;
}

/** The number of files, lines or minutes that means unlimited. */
export const UNLIMITED = 1e6;

const FIELDS = {
  'gates.plan': gate('ask'),
  'gates.delivery': gate('ask'),
  'gates.commands': gate('allow'),
  'gates.scope': gate('ask'),
  'network.setup': allowance({ limit: true, value: false }),
  lfs: lfsContent({ limit: 'content', value: 'pointers' }),
  'model.background': permission({ limit: true, value: false }),
  maxParallelAgents: most({ limit: 100, value: 4 }),
  'task.maxSteps': most({ limit: 1000, value: 1000 }),
  'task.maxTokens': most({ limit: 1e9, value: 1e9 }),
  'task.maxFiles': most({ limit: UNLIMITED, value: UNLIMITED }),
  'task.maxLines': most({ limit: UNLIMITED, value: UNLIMITED }),
  'budget.tokens': most({ limit: UNLIMITED_TOKENS, value: UNLIMITED_TOKENS }),
  'budget.usd': most({ limit: UNLIMITED_USD, value: UNLIMITED_USD }),
  'budget.minutes': most({ limit: UNLIMITED, value: UNLIMITED }),
  sharedBudgets: SHARED_BUDGETS,
  protectedPaths: prohibitions(),
  artefacts: prohibitions(),
  ...RULES_AND_EFFECTS_FIELDS,
  ...REVIEW_FIELDS,
  ...DECISION_FIELDS,
} satisfies Record<string, Field<unknown>>;
export type FieldName = keyof typeof FIELDS;
export const NAMES = Object.keys(FIELDS) as FieldName[];

/** The policy in force. Fields that are optional are left out in runs from before there were such fields. */
export interface EffectivePolicy {
  gates: {
    plan: Sourced<GateRule>;
    delivery: Sourced<GateRule>;
    commands: Sourced<GateRule>;
    scope: Sourced<GateRule>;
  };
  network: { setup: Sourced<NetworkGrant> };
  lfs?: Sourced<LfsRule>;
  model: { background: Sourced<boolean> };
  maxParallelAgents: Sourced<number>;
  task: {
    maxSteps: Sourced<number>;
    maxTokens: Sourced<number>;
    maxFiles?: Sourced<number>;
    maxLines?: Sourced<number>;
  };
  budget: { tokens: Sourced<number>; usd?: Sourced<number>; minutes?: Sourced<number> };
  protectedPaths: Sourced<string[]>;
  artefacts?: Sourced<string[]>;
  sharedBudgets?: Sourced<SharedBudget[]>;
  rules?: { commands: Sourced<CommandRule[]> };
  effects?: SourcedEffects;
  review?: SourcedReview;
  decisions?: SourcedRules;
}

/** A field by its name: its built-in value, and how two values of it join. */
export function fieldOf(name: FieldName): Field<unknown> {
  return FIELDS[name];
}

export function isLooser(field: Field<unknown>, value: unknown, limit: unknown): boolean {
  // A value that is tightened by itself has its plainest spelling, so equal values compare as equal.
  return showValue(field.tighten(value, limit)) !== showValue(field.tighten(value, value));
}

export function showValue(value: unknown): string {
  return JSON.stringify(value);
}

/** The value that a layer sets for a field; undefined if it sets none. */
export function readField(policy: Policy | undefined, name: FieldName): unknown {
  return readAt(policy, nameIn(policy, name));
}

/** The name of the field that a layer's value for a field comes from. */
export function nameIn(policy: Policy | undefined, name: FieldName): string {
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
