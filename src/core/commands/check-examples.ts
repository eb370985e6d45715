/**
 * Checks policy before it takes effect: command rules against their own examples, and path patterns for being readable.
 * Rule: a rule that fails one of its examples is an error that names the rule and the example, never a warning. A
 * pattern that can't be read is an error too.
 */
import type { CommandRule } from './rule-on-command.ts';
import { ruleOnCommand, matchRule } from './rule-on-command.ts';
import { parseCommand } from './parse.ts';
import { findPatternProblem } from '../path-patterns.ts';

/** One fault in a list of rules. `path` is where: index of the rule, field, index of the example. */
export interface RuleProblem {
  rule: string;
  path: [number, 'id' | 'match' | 'notMatch', number];
  problem: string;
}

/** Every pattern in `protectedPaths` that can't be read, with its place in the policy. */
export function checkPatterns(
  policy: { protectedPaths?: string[] | undefined } | undefined,
): { path: [string, number]; problem: string }[] {
  return (policy?.protectedPaths ?? []).flatMap((pattern, at): { path: [string, number]; problem: string }[] => {
    const problem = findPatternProblem(pattern);
    return problem === undefined ? [] : [{ path: ['protectedPaths', at], problem: `"${pattern}" ${problem}` }];
  });
}

/** Every example that its own rule fails, and every duplicate id. */
export function checkRules(rules: readonly CommandRule[]): RuleProblem[] {
  return rules.flatMap((rule, index) => [
    ...(rules.findIndex(({ id }) => id === rule.id) < index ? [twice(rule.id, index)] : []),
    ...rule.match.flatMap((example, at) => checkExample(rule, index, 'match', at, example)),
    ...rule.notMatch.flatMap((example, at) => checkExample(rule, index, 'notMatch', at, example)),
  ]);
}

function twice(rule: string, index: number): RuleProblem {
  return { rule, path: [index, 'id', 0], problem: `rule "${rule}": another rule has this id` };
}

function checkExample(
  rule: CommandRule,
  index: number,
  field: 'match' | 'notMatch',
  at: number,
  example: string,
): RuleProblem[] {
  const facts = parseCommand(example);
  // An allow rule must cover the whole line; an ask or deny rule need match only a part of it.
  const isAllowed = rule.effect === 'allow' && ruleOnCommand(facts, [rule], 'ask').outcome === 'allow';
  const isMatched = rule.effect === 'allow' ? isAllowed : matchRule(rule, facts) !== 'no';
  if (isMatched === (field === 'match')) return [];
  const said = field === 'match' ? 'does not match its own example' : 'matches an example in its notMatch';
  return [{ rule: rule.id, path: [index, field, at], problem: `rule "${rule.id}" ${said}: ${example}` }];
}
