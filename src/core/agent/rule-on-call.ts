/**
 * What policy says about a call before it runs: its gate for commands, the built-in rules, and its own rules.
 * Rule: the strictest ruling counts. The ruling of the built-in rules came with the call and so is in the history,
 * since these rules change with the code.
 */
import type { Proposal } from './step.ts';
import { escapeForPeople } from '../text/escape.ts';
import type { GlobReading } from '../commands/paths.ts';
import type { GateRule } from '../risk.ts';
import { compareStrictness } from '../risk.ts';
import type { CommandRuling } from '../commands/rule-on-command.ts';
import { ruleOnCommand } from '../commands/rule-on-command.ts';
import type { EffectivePolicy } from '../policy/policy.ts';
import { NO_ISOLATION } from '../policy/isolation.ts';

/** Lines of a command in a decision, below the reason. People read twenty. */
const MAX_LINES = 18;

/** The ruling on a call, its source, and its reason if a rule gave one. */
export interface CallRuling {
  outcome: GateRule;
  by: string;
  reason: string | null;
}

/**
 * The ruling on a call from all sources. Among equally strict rulings one with a reason wins. `globs` is how policy's
 * own rules read globs.
 */
export function ruleOnCall(policy: EffectivePolicy, call: Proposal, globs: GlobReading = 'wide'): CallRuling {
  const { value, from } = policy.gates.commands;
  // Without isolation every command asks, except read-only ones.
  const gate: CallRuling =
    from === NO_ISOLATION && call.looksOnly
      ? { outcome: 'allow', by: 'rule looks-only (built-in)', reason: null }
      : { outcome: value, by: `policy gates.commands (${from})`, reason: null };
  const own = policy.rules?.commands;
  const rulings = [
    ...(own && own.value.length > 0 && call.facts
      ? [nameRuling(ruleOnCommand(call.facts, own.value, 'allow', { globs }), own.from)]
      : []),
    ...(call.judged ? [nameRuling(call.judged, 'built-in')] : []),
  ].filter(({ outcome }) => outcome !== 'allow');
  return rulings.reduce(
    (worst, one) => (compareStrictness(one.outcome, worst.outcome) > 0 || isEqualAndUnsaid(worst, one) ? one : worst),
    gate,
  );
}

function isEqualAndUnsaid(worst: CallRuling, one: CallRuling): boolean {
  return worst.reason === null && worst.outcome === one.outcome;
}

function nameRuling({ outcome, rule, reason }: CommandRuling, from: string): CallRuling {
  return { outcome, by: `${rule === null ? 'rules' : `rule ${rule}`} (${from})`, reason };
}

/** The text of a decision about a call: the reason, then the command. */
export function showCall({ summary, more }: Proposal, { by, reason }: CallRuling): string {
  const lines = escapeForPeople(summary).split('\n');
  const shown = lines.slice(0, MAX_LINES);
  const left = (more ?? 0) + lines.slice(MAX_LINES).join('\n').length;
  return [
    ...(reason === null ? [] : [`${by}: ${reason}`]),
    ...shown,
    ...(left > 0 ? [`… and ${left} more characters, in the checkpoint`] : []),
  ].join('\n');
}
