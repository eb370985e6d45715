/**
 * What policy says of a call before it runs: its gate for commands, the built-in rules, and its own.
 * Rule: the strictest answer counts; what the built-in rules said came with the call and so is in the history, since
 * they change with the code.
 */
import type { Proposal } from './step.ts';
import { escapeForPeople } from '../text/escape.ts';
import type { GlobReading } from '../commands/paths.ts';
import type { GateRule } from '../risk.ts';
import type { CommandRuling } from '../commands/rule-on-command.ts';
import { ruleOnCommand } from '../commands/rule-on-command.ts';
import type { EffectivePolicy } from '../policy/policy.ts';
import { NO_ISOLATION } from '../policy/isolation.ts';

/** Lines of a command that a decision shows below its reason; people read twenty. */
const MAX_LINES = 18;

/** The answer for a call, who gave it, and why, where a rule did. */
export interface CallAnswer {
  outcome: GateRule;
  by: string;
  reason: string | null;
}

const STRICTNESS: Record<GateRule, number> = { allow: 0, ask: 1, deny: 2 };

/** Judges a call by all that there is; of equal answers the one that has a reason. Policy's own rules read `globs` so. */
export function answerCall(policy: EffectivePolicy, call: Proposal, globs: GlobReading = 'wide'): CallAnswer {
  const { value, from } = policy.gates.commands;
  // What asks only for want of an isolation need not ask where nothing can happen.
  const gate: CallAnswer =
    from === NO_ISOLATION && call.looksOnly
      ? { outcome: 'allow', by: 'rule looks-only (built-in)', reason: null }
      : { outcome: value, by: `policy gates.commands (${from})`, reason: null };
  const own = policy.rules?.commands;
  const answers = [
    ...(own && own.value.length > 0 && call.facts
      ? [nameAnswer(ruleOnCommand(call.facts, own.value, 'allow', { globs }), own.from)]
      : []),
    ...(call.judged ? [nameAnswer(call.judged, 'built-in')] : []),
  ].filter(({ outcome }) => outcome !== 'allow');
  return answers.reduce(
    (worst, one) => (STRICTNESS[one.outcome] > STRICTNESS[worst.outcome] || isEqualAndUnsaid(worst, one) ? one : worst),
    gate,
  );
}

function isEqualAndUnsaid(worst: CallAnswer, one: CallAnswer): boolean {
  return worst.reason === null && worst.outcome === one.outcome;
}

function nameAnswer({ outcome, rule, reason }: CommandRuling, from: string): CallAnswer {
  return { outcome, by: `${rule === null ? 'rules' : `rule ${rule}`} (${from})`, reason };
}

/** What a decision on a call says: why it is asked, then the command itself. */
export function showCall({ summary, more }: Proposal, { by, reason }: CallAnswer): string {
  const lines = escapeForPeople(summary).split('\n');
  const shown = lines.slice(0, MAX_LINES);
  const left = (more ?? 0) + lines.slice(MAX_LINES).join('\n').length;
  return [
    ...(reason === null ? [] : [`${by}: ${reason}`]),
    ...shown,
    ...(left > 0 ? [`… and ${left} more characters, in the checkpoint`] : []),
  ].join('\n');
}
