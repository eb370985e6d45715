/**
 * Policy about commands and findings, and how layers join it.
 * Rule: layers only add: their rules ask or deny, and a kind of finding gets a stricter rule than the built-in one,
 * never a milder one.
 */
import { z } from 'zod';
import { canonicalJson } from '../digest.ts';
import type { FindingKind, FindingRules } from '../effects/findings.ts';
import { FINDING_KINDS } from '../effects/findings.ts';
import type { GateRule } from '../risk.ts';
import { stricter } from '../risk.ts';
import type { CommandRule } from '../commands/rule-on-command.ts';
import { commandRuleSchema } from '../commands/rule-on-command.ts';
import type { Field } from './fields.ts';

/** Most rules of one layer. Its examples run at every start, and each agent's history contains the rules. */
const MAX_RULES = 100;

/** Rules as people write them. */
export const rulesPolicySchema = z.strictObject({
  /** Rules for commands in addition to the built-in ones. The strictest wins. */
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

const ruling = z.enum(['ask', 'deny']).optional();

/** Rules by kind of finding, for medium and high risk. For a kind that is left out, high risk asks. */
export const effectsPolicySchema = z.strictObject(
  Object.fromEntries(FINDING_KINDS.map((kind) => [kind, ruling])) as Record<FindingKind, typeof ruling>,
);

type Sourced<T> = { value: T; from: string };
/** These fields in the policy in force. */
export type SourcedEffects = Record<FindingKind, Sourced<GateRule | null>>;

const rules: Field<CommandRule[]> = {
  builtIn: { limit: [], value: [] },
  tighten: (one, other) => {
    const each = new Map([...one, ...other].map((rule) => [canonicalJson(rule), rule]));
    return [...each].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, rule]) => rule);
  },
  accumulates: true,
};

/** Null means the built-in rule: high risk asks. */
const effect: Field<GateRule | null> = {
  builtIn: { limit: null, value: null },
  tighten: (one, other) => {
    if (one === null || other === null) return one ?? other;
    return stricter(one, other);
  },
};

/** The fields of policy under `rules` and `effects`, by name. */
export const RULES_AND_EFFECTS_FIELDS = {
  'rules.commands': rules,
  ...(Object.fromEntries(FINDING_KINDS.map((kind) => [`effects.${kind}`, effect])) as Record<
    `effects.${FindingKind}`,
    Field<unknown>
  >),
};

/** The rules for kinds of findings; none in runs from before there were any. */
export function findingRulesOf({ effects }: { effects?: SourcedEffects }): FindingRules {
  return Object.fromEntries(
    FINDING_KINDS.flatMap((kind) => {
      const value = effects?.[kind]?.value;
      return value ? [[kind, value]] : [];
    }),
  );
}
