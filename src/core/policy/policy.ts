/**
 * Policy: what a run may do without asking, as people write it and as it is in force; the fields that it has.
 * Rule: each field is in the list below once, with how two values of it join; every field in force says where it came
 * from.
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
import type { CommandRule } from '../commands/rule-on-command.ts';
import type { SourcedEffects } from './judge-fields.ts';
import { effectsPolicySchema, JUDGE_FIELDS, rulesPolicySchema } from './judge-fields.ts';
import { allowance, gate, lfsContent, most, permission, prohibitions } from './fields.ts';
import type { Field, LfsRule } from './fields.ts';
import type { SourcedReview } from './review-fields.ts';
import { REVIEW_FIELDS, reviewPolicySchema } from './review-fields.ts';
import { SHARED_BUDGETS } from './shared-budgets.ts';

const gateSchema = z.enum(['allow', 'ask', 'deny']);
const count = (max: number): z.ZodInt => z.int().min(1).max(max);

const { tokens: UNLIMITED_TOKENS, usd: UNLIMITED_USD } = UNLIMITED_BUDGET;

/** Settings as people write them; every field may be left out. */
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
  /** What of the network the setup command may use: `true` for all, or a list of hosts. */
  network: z.strictObject({ setup: networkGrantSchema.optional() }).optional(),
  /** Whether workspaces have pointers to the files that git LFS keeps, or their content. */
  lfs: z.enum(['pointers', 'content']).optional(),
  model: z
    .strictObject({
      /** The provider makes answers in the background, so that none is paid twice; it stores them for that. */
      background: z.boolean().optional(),
    })
    .optional(),
  /** Most agents that work at the same time. */
  maxParallelAgents: count(100).optional(),
  /** Most that one task may take: model calls, tokens of input and output together, changed files and lines. */
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
      /** US dollars, by the workers' table of prices. */
      usd: z.number().positive().max(UNLIMITED_USD).optional(),
      /** Minutes of work, not counting while it waits for people. */
      minutes: z.number().positive().max(1e6).optional(),
    })
    .optional(),
  /** Accounts that count what all refactors under them take together. */
  sharedBudgets: sharedBudgetsSchema.optional(),
  /** Globs that no task may change. */
  protectedPaths: z.array(z.string().min(1).max(500)).max(500).optional(),
  /** What tools leave and no checkpoint keeps, beside what is known: lines as in a `.gitignore`. */
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
  /** A second model that looks at results before they are integrated. */
  review: reviewPolicySchema.optional(),
  /** Who decides what, with which proof, and what silence does. */
  decisions: decisionsPolicySchema.optional(),
});
export type Policy = z.infer<typeof policySchema>;

/** One field of the effective policy and the layer that it came from. */
export interface Sourced<T> {
  value: T;
  from: string;
}

/** Files, lines or minutes that stand for as many as one likes. */
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
  ...JUDGE_FIELDS,
  ...REVIEW_FIELDS,
  ...DECISION_FIELDS,
} satisfies Record<string, Field<unknown>>;
export type FieldName = keyof typeof FIELDS;
export const NAMES = Object.keys(FIELDS) as FieldName[];

/** The policy in force, each field with its source. */
export interface EffectivePolicy {
  gates: {
    plan: Sourced<GateRule>;
    delivery: Sourced<GateRule>;
    commands: Sourced<GateRule>;
    scope: Sourced<GateRule>;
  };
  network: { setup: Sourced<NetworkGrant> };
  /** Left out by runs from before LFS had a field. */
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
  /** Left out by runs from before there were such accounts. */
  sharedBudgets?: Sourced<SharedBudget[]>;
  /** Left out by runs from before there were such fields. */
  rules?: { commands: Sourced<CommandRule[]> };
  effects?: SourcedEffects;
  review?: SourcedReview;
  /** Left out by runs from before there was such a policy. */
  decisions?: SourcedRules;
}

/** What is known of a field: its built-in value, and how two values of it join. */
export function fieldOf(name: FieldName): Field<unknown> {
  return FIELDS[name];
}

export function isLooser(field: Field<unknown>, value: unknown, limit: unknown): boolean {
  // A value tightened by itself is the same in its plainest spelling.
  return showValue(field.tighten(value, limit)) !== showValue(field.tighten(value, value));
}

export function showValue(value: unknown): string {
  return JSON.stringify(value);
}

/** What a layer says of a field; undefined where it says nothing. */
export function readField(policy: Policy | undefined, name: FieldName): unknown {
  return readAt(policy, nameIn(policy, name));
}

/** The name under which a layer says what counts for a field. */
export function nameIn(policy: Policy | undefined, name: FieldName): string {
  const { orElse } = fieldOf(name);
  return orElse !== undefined && readAt(policy, name) === undefined ? orElse : name;
}

function readAt(policy: Policy | undefined, name: string): unknown {
  return name.split('.').reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], policy);
}

/** `{ 'gates.plan': x }` as `{ gates: { plan: x } }`. */
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

/** Each field by its name, with its value and where it came from. */
export function listFields(policy: EffectivePolicy): { name: string; value: unknown; from: string }[] {
  return NAMES.flatMap((name) => {
    const field = readField(policy as unknown as Policy, name) as Sourced<unknown> | undefined;
    return field ? [{ name, value: field.value, from: field.from }] : [];
  });
}
