/**
 * What policy says to the judges of commands and of effects, and how its layers join that.
 * Rule: layers only ever add: a rule of theirs asks or denies, a kind of finding gets a stricter answer, never a
 * milder one than the built-in.
 */
import { z } from 'zod';
import { canonicalJson } from '../digest.ts';
import type { FindingKind, FindingRules } from '../effects/findings.ts';
import { FINDING_KINDS } from '../effects/findings.ts';
import type { GateRule } from '../risk.ts';
import type { CommandRule } from '../commands/rule-on-command.ts';
import { commandRuleSchema } from '../commands/rule-on-command.ts';
import type { Field } from './fields.ts';

/** Rules of one layer: its examples are read at every start, and the rules are kept in each agent's history. */
const MAX_RULES = 100;

/** Rules as layers write them. */
export const rulesPolicySchema = z.strictObject({
  /** Rules for commands, beside the built-in ones; the strictest wins. */
  commands: z
    .array(
      commandRuleSchema.refine(
        ({ effect }) => effect !== 'allow',
        'rules of policy ask or deny; what no rule speaks against is for gates.commands to say',
      ),
    )
    .max(MAX_RULES)
    .optional(),
});

const answer = z.enum(['ask', 'deny']).optional();

/** Answers by kind of finding, for those of medium risk and above; of a kind left out, those of high risk ask. */
export const effectsPolicySchema = z.strictObject(
  Object.fromEntries(FINDING_KINDS.map((kind) => [kind, answer])) as Record<FindingKind, typeof answer>,
);

type Sourced<T> = { value: T; from: string };
/** These parts of the policy in force. */
export type SourcedEffects = Record<FindingKind, Sourced<GateRule | null>>;

const rules: Field<CommandRule[]> = {
  builtIn: { limit: [], value: [] },
  tighten: (one, other) => {
    const each = new Map([...one, ...other].map((rule) => [canonicalJson(rule), rule]));
    return [...each].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, rule]) => rule);
  },
  accumulates: true,
};

const STRICTNESS: Record<GateRule, number> = { allow: 0, ask: 1, deny: 2 };

/** Null is the built-in answer: what is of high risk asks. */
const effect: Field<GateRule | null> = {
  builtIn: { limit: null, value: null },
  tighten: (one, other) => {
    if (one === null || other === null) return one ?? other;
    return STRICTNESS[one] >= STRICTNESS[other] ? one : other;
  },
};

/** The fields of policy under `rules` and `effects`, by name. */
export const JUDGE_FIELDS = {
  'rules.commands': rules,
  ...(Object.fromEntries(FINDING_KINDS.map((kind) => [`effects.${kind}`, effect])) as Record<
    `effects.${FindingKind}`,
    Field<unknown>
  >),
};

/** What policy says of kinds of findings; of runs from before it did, nothing. */
export function findingRulesOf({ effects }: { effects?: SourcedEffects }): FindingRules {
  return Object.fromEntries(
    FINDING_KINDS.flatMap((kind) => {
      const value = effects?.[kind]?.value;
      return value ? [[kind, value]] : [];
    }),
  );
}
