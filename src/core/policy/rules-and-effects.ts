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
import type { CommandRule } from '../commands/rule-on-command.ts';
import { commandRuleSchema } from '../commands/rule-on-command.ts';
import type { Field, InForce } from './fields.ts';
import { each } from './fields.ts';

/** Most rules of one layer. Its examples run at every start, and each agent's history contains the rules. */
const MAX_RULES = 100;

/** Null means the built-in rule: high risk asks. */
type EffectRule = Exclude<GateRule, 'allow'> | null;

const commands: Field<CommandRule[]> = {
  schema: z
    .array(
      commandRuleSchema.refine(
        ({ effect }) => effect !== 'allow',
        'rules of policy ask or deny; what no rule speaks against is for gates.commands to say',
      ),
    )
    .max(MAX_RULES),
  says: 'Rules for commands in addition to the built-in ones. The strictest rule wins.',
  joins: 'both lists',
  builtIn: { limit: [], value: [] },
  tighten: (one, other) => {
    const sorted = new Map([...one, ...other].map((rule) => [canonicalJson(rule), rule]));
    return [...sorted].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, rule]) => rule);
  },
  accumulates: true,
};

function effect(kind: FindingKind): Field<EffectRule> {
  return {
    schema: z.enum(['ask', 'deny']),
    says: `Findings of the kind \`${kind}\` with medium or high risk. Left out: high risk asks.`,
    joins: 'the stricter rule',
    builtIn: { limit: null, value: null },
    tighten: (one, other) => (one === 'deny' || other === 'deny' ? 'deny' : (one ?? other)),
  };
}

/** The fields of policy under `rules`. */
export const RULES = { commands };
/** The fields of policy under `effects`, one for each kind of finding. */
export const EFFECTS = each(FINDING_KINDS, effect);

/** The rules for kinds of findings; none in runs from before there were any. */
export function findingRulesOf({ effects }: { effects?: InForce<typeof EFFECTS> }): FindingRules {
  return Object.fromEntries(
    FINDING_KINDS.flatMap((kind) => {
      const value = effects?.[kind]?.value;
      return value ? [[kind, value]] : [];
    }),
  );
}
