/**
 * Checks what a policy has for judges before any of it counts: rules for commands by their own examples, and patterns.
 * Rule: a rule that does not do what its author shows is an error with its name and the example, never a warning; so is
 * a pattern that can't be read.
 */
import type { CommandRule } from './rule-on-command.ts';
import { ruleOnCommand, matchRule } from './rule-on-command.ts';
import { parseCommand } from './parse.ts';
import { findPatternProblem } from '../path-patterns.ts';

/** What is wrong with rules; `path` leads to it in the list: index, field, index of the example. */
export interface RuleProblem {
  rule: string;
  path: [number, 'id' | 'match' | 'notMatch', number];
  problem: string;
}

/** Every pattern of protected paths that can't be read, with the place of it in the policy. */
export function checkPatterns(
  policy: { protectedPaths?: string[] | undefined } | undefined,
): { path: [string, number]; problem: string }[] {
  return (policy?.protectedPaths ?? []).flatMap((pattern, at): { path: [string, number]; problem: string }[] => {
    const problem = findPatternProblem(pattern);
    return problem === undefined ? [] : [{ path: ['protectedPaths', at], problem: `"${pattern}" ${problem}` }];
  });
}

/** Every example that its rule does not keep, and every id that stands twice. */
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
  // A line is allowed as a whole; it asks because of any part.
  const isAllowed = rule.effect === 'allow' && ruleOnCommand(facts, [rule], 'ask').outcome === 'allow';
  const isMatched = rule.effect === 'allow' ? isAllowed : matchRule(rule, facts) !== 'no';
  if (isMatched === (field === 'match')) return [];
  const said = field === 'match' ? 'does not match its own example' : 'matches what it says that it does not';
  return [{ rule: rule.id, path: [index, field, at], problem: `rule "${rule.id}" ${said}: ${example}` }];
}
