/**
 * Describes a model's call for the gate: its digest, a summary for people, and facts about its command line.
 * Rule: facts come from the exact bytes that would run, never from the model's words about them. Nothing here throws:
 * the response is already stored, so every attempt on every worker would fail on it again.
 */
import type { Proposal } from '../../core/agent/step.ts';
import { clipFacts, noFacts } from '../../core/commands/facts.ts';
import { BUILT_IN_RULES } from '../../core/commands/built-in-rules.ts';
import { looksOnly } from '../../core/commands/read-only-rules.ts';
import { digestCall } from '../../core/digest.ts';
import type { CommandRule } from '../../core/commands/rule-on-command.ts';
import { ruleOnCommand } from '../../core/commands/rule-on-command.ts';
import { parseCommand } from '../../core/commands/parse.ts';
import { findPlanProblems, planSchema } from '../../core/plan.ts';
import { findPlanTextProblems } from '../../core/decisions/border.ts';
import { harmless } from '../../core/text/harmless.ts';
import { clip } from '../../core/text/lines.ts';
import type { AgentTools, ToolName } from '../../core/agent/tools.ts';
import { checkToolCall } from '../../core/agent/tools.ts';
import type { Item } from '../../core/transcript.ts';

/** Most characters of a proposal's summary in the history; the whole command is in the checkpoint. */
const MAX_SUMMARY = 1000;

/**
 * Turns a call into a proposal. A call that can't be described gets a `problem`, which the model is told. `checks` are
 * the task's commands.
 */
export function propose(
  profile: AgentTools,
  call: Extract<Item, { kind: 'call' }>,
  checks: readonly string[] = [],
): Proposal {
  const proposal = {
    callId: call.callId,
    tool: harmless(call.tool).slice(0, 100),
    digest: digestCall(call),
  };
  try {
    return describeCall(profile, call, proposal, checks);
  } catch (error) {
    return { ...proposal, summary: proposal.tool, problem: `the call can't be judged: ${reasonOf(error)}` };
  }
}

function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, 200);
}

function describeCall(
  profile: AgentTools,
  call: Extract<Item, { kind: 'call' }>,
  proposal: Pick<Proposal, 'callId' | 'tool' | 'digest'>,
  checks: readonly string[],
): Proposal {
  const check = checkToolCall(profile, call.tool, call.arguments);
  if (check.kind === 'bad')
    return { ...proposal, summary: proposal.tool, problem: clip(check.problem, MAX_SUMMARY).kept };
  if (check.kind === 'noted') {
    const noted = harmless(check.answer);
    return { ...proposal, summary: proposal.tool, noted, problem: `${proposal.tool} is no tool here` };
  }
  const { kept, left } = clip(harmless(summarise(check.tool, check.arguments)), MAX_SUMMARY);
  const shown = { ...proposal, tool: check.tool, summary: kept, ...(left > 0 ? { more: left } : {}) };
  if (check.tool === 'shell') {
    const command = String(check.arguments['command']);
    return { ...shown, ...(checks.includes(command.trim()) ? passCheck(command) : applyRules(command)) };
  }
  if (check.tool !== 'finish' || profile !== 'plan') return shown;
  const plan = planSchema.parse(check.arguments['plan']);
  const problems = [...findPlanProblems(plan), ...findPlanTextProblems(plan)];
  if (problems.length > 0) return { ...shown, problem: clip(problems.join('; '), MAX_SUMMARY).kept };
  return { ...shown, plan: harmless(plan) };
}

/**
 * Applies the rules to a whole command line, and only then cuts the facts to what fits into a history. If the rules
 * throw, the ruling is to ask a person.
 */
export function applyRules(
  command: string,
  rules: readonly CommandRule[] = BUILT_IN_RULES,
): Pick<Proposal, 'facts' | 'judged' | 'looksOnly'> {
  try {
    const facts = parseCommand(command);
    const judged = ruleOnCommand(facts, rules);
    return { facts: clipFacts(facts), judged, ...(looksOnly(facts) ? { looksOnly: true } : {}) };
  } catch (error) {
    const facts = noFacts(`its judge failed: ${reasonOf(error)}`);
    return { facts, judged: ruleOnCommand(facts, []) };
  }
}

/**
 * A command line that is one of the task's checks runs after the task anyway, so no built-in rule asks about it. The
 * policy's own gate and rules still count.
 */
function passCheck(line: string): Pick<Proposal, 'facts' | 'judged' | 'looksOnly'> {
  const judged = applyRules(line);
  const { facts = noFacts(null) } = judged;
  return {
    ...judged,
    facts: { ...facts, unjudgeable: null },
    judged: { outcome: 'allow', rule: null, reason: 'it is one of the task’s checks' },
  };
}

function summarise(tool: ToolName, values: Record<string, unknown>): string {
  switch (tool) {
    case 'shell':
      return String(values['command']);
    case 'apply_patch': {
      const files = [...String(values['patch']).matchAll(/^\*\*\* (?:Add|Update|Delete) File: (.+)$/gm)].map(
        (match) => match[1],
      );
      return `apply_patch ${files.join(', ')}`;
    }
    case 'ask':
      return String(values['question']);
    case 'decline':
      return String(values['reason']);
    default:
      return typeof values['summary'] === 'string' ? values['summary'] : tool;
  }
}
