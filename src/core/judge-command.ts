/**
 * Judges a command line's facts by rules: allow, ask or deny.
 * Rule: a compound is judged as a whole and the strictest answer wins; what can't be judged is asked, never allowed,
 * and so is what takes too long to compare.
 */
import { z } from 'zod';
import { describeNetwork, operandsOf } from './command-effects.ts';
import type { CommandFacts, SimpleCommand } from './command-facts.ts';
import { basename, DYNAMIC } from './command-facts.ts';
import type { Comparing } from './command-paths.ts';
import { matchesGlob, namesPath } from './command-paths.ts';
import type { JudgeBudget } from './judge-budget.ts';
import { isSpent, openBudget, take } from './judge-budget.ts';
import type { GateRule } from './policy-fields.ts';

const text = z.string().min(1).max(200);
const list = z.array(text).min(1).max(200);

/**
 * A rule for commands. All conditions that it names must hold for one and the same simple command; `writes` and
 * `assignments` hold for the line. Its examples are checked when it is loaded.
 */
export const commandRuleSchema = z
  .strictObject({
    id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,59}$/, 'lower-case letters, digits and dashes'),
    effect: z.enum(['allow', 'ask', 'deny']),
    /** Names of programs, without folders; `*` stands for any text. */
    programs: list.optional(),
    /** First words that are no options, e.g. `push`, or several: `remote add`. */
    subcommands: list.optional(),
    /** Words of which one is there: `--force`, also as `--force=x`; `-f`, also in `-xf`; globs of `*`, `?`, `[ab]`. */
    flags: list.optional(),
    /** Globs of paths of which a word or a redirection names one; `~` is the home folder. */
    paths: list.optional(),
    /** Globs of paths of which the line writes one, as far as its words say. */
    writes: list.optional(),
    /** Variables of which the line sets one. */
    assignments: list.optional(),
    /** That the command looks like one that uses the network. */
    network: z.literal(true).optional(),
    /** Told to whoever is asked, and to the model. */
    reason: z.string().min(1).max(300),
    match: z.array(z.string().min(1).max(1000)).min(1).max(50),
    notMatch: z.array(z.string().min(1).max(1000)).max(50),
  })
  .refine(
    ({ programs, subcommands, flags, paths, writes, assignments, network }) =>
      [programs, subcommands, flags, paths, writes, assignments, network].some((condition) => condition !== undefined),
    'a rule without any condition would match everything',
  );
export type CommandRule = z.infer<typeof commandRuleSchema>;

/** The answer, with the rule that gave it; no rule where nothing matched or the line can't be judged. */
export interface CommandJudgement {
  outcome: GateRule;
  rule: string | null;
  reason: string;
}

const STRICTNESS: Record<GateRule, number> = { allow: 0, ask: 1, deny: 2 };

/** Steps of comparing one line with rules: each is a character or a word beside another; a tenth of a second. */
const MAX_STEPS = 10_000_000;

/**
 * Judges a line. Where no rule says anything, `otherwise` counts: what policy's gate for commands says. With `ask`
 * there, a line is allowed only if each of its commands, writes and assignments is allowed by a rule.
 */
export function judgeCommand(
  facts: CommandFacts,
  rules: readonly CommandRule[],
  otherwise: GateRule = 'allow',
  budget: JudgeBudget = openBudget(MAX_STEPS),
): CommandJudgement {
  const comparing: Comparing = { budget, words: new Map() };
  const strict = rules
    .filter(({ effect }) => effect !== 'allow')
    .flatMap((rule) => {
      const match = matchRule(rule, facts, comparing);
      if (match === 'no') return [];
      // What only might be meant is asked, also where it would be denied.
      return [{ outcome: match === 'yes' ? rule.effect : ('ask' as const), rule: rule.id, reason: rule.reason }];
    });
  const found = [...strict, ...listUnjudgeable(facts, budget)];
  const worst = found.toSorted((a, b) => STRICTNESS[b.outcome] - STRICTNESS[a.outcome])[0];
  if (otherwise === 'allow') return worst ?? { outcome: 'allow', rule: null, reason: 'no rule speaks against it' };
  if (worst && STRICTNESS[worst.outcome] >= STRICTNESS[otherwise]) return worst;
  const allowing = worst ? undefined : findAllowing(facts, rules, comparing);
  if (allowing && !isSpent(budget)) return { outcome: 'allow', rule: allowing.id, reason: allowing.reason };
  return { outcome: otherwise, rule: null, reason: worst?.reason ?? 'no rule allows all of it' };
}

function listUnjudgeable({ unjudgeable }: CommandFacts, budget: JudgeBudget): CommandJudgement[] {
  const why = unjudgeable ?? (isSpent(budget) ? 'there is too much in it to compare all of it with the rules' : null);
  return why === null ? [] : [{ outcome: 'ask', rule: null, reason: `can't be judged: ${why}` }];
}

/** A rule that allows a part of a line whose every part is allowed; `undefined` if any part is not. */
function findAllowing(
  facts: CommandFacts,
  rules: readonly CommandRule[],
  comparing: Comparing,
): CommandRule | undefined {
  const allowing = rules.filter(({ effect }) => effect === 'allow');
  const commands = facts.commands.map((command) =>
    allowing.find((rule) => matchCommand(rule, command, comparing) === 'yes'),
  );
  const areWritesAllowed = facts.writesTo.every((path) =>
    allowing.some(({ writes }) => writes !== undefined && namesPath(path, writes, comparing)),
  );
  const areNamesAllowed = facts.assignments.every((name) =>
    allowing.some(({ assignments }) => assignments?.includes(name)),
  );
  return areWritesAllowed && areNamesAllowed && commands.every((rule) => rule !== undefined) ? commands[0] : undefined;
}

type Match = 'yes' | 'maybe' | 'no';

/** Whether a rule means this line. */
export function matchRule(
  rule: CommandRule,
  facts: CommandFacts,
  comparing: Comparing = { budget: openBudget(MAX_STEPS), words: new Map() },
): Match {
  const { writes, assignments } = rule;
  if (writes && !facts.writesTo.some((path) => namesPath(path, writes, comparing))) return 'no';
  if (assignments && !facts.assignments.some((name) => assignments.includes(name))) return 'no';
  const { programs, subcommands, flags, network, paths } = rule;
  if (!programs && !subcommands && !flags && !network) {
    if (!paths) return 'yes';
    if (facts.redirections.some(({ path }) => namesPath(path, paths, comparing))) return 'yes';
  }
  return facts.commands.reduce<Match>((best, command) => surer(best, matchCommand(rule, command, comparing)), 'no');
}

function surer(one: Match, other: Match): Match {
  return one === 'yes' || other === 'yes' ? 'yes' : one === 'maybe' || other === 'maybe' ? 'maybe' : 'no';
}

function matchCommand(rule: CommandRule, command: SimpleCommand, comparing: Comparing): Match {
  const { budget } = comparing;
  const { programs, flags } = rule;
  if (!take(budget, 1 + (programs?.length ?? 0))) return 'no';
  if (programs && !programs.some((name) => isNamed(basename(command.program), name, budget))) return 'no';
  // What follows looks at each word, with each flag.
  if (!take(budget, command.words.length * (1 + (flags?.length ?? 0)))) return 'no';
  if (rule.network && describeNetwork(command) === undefined) return 'no';
  if (rule.paths && !command.words.some((word) => namesPath(word, rule.paths ?? [], comparing))) return 'no';
  if (flags && !flags.some((flag) => command.words.some((word) => isFlag(word, flag, budget)))) return 'no';
  if (!rule.subcommands) return 'yes';
  const operands = operandsOf(command);
  return rule.subcommands.map((words) => matchSubcommand(operands, words.split(' '))).reduce<Match>(surer, 'no');
}

function isNamed(program: string, name: string, budget: JudgeBudget): boolean {
  return program === name || (name.includes('*') && matchesGlob(program, name, budget));
}

/** A rule that is meant only if a variable holds a certain word might be meant. */
function matchSubcommand(operands: readonly string[], words: readonly string[]): Match {
  let match: Match = 'yes';
  for (const [index, word] of words.entries()) {
    const operand = operands[index];
    if (operand === undefined) return 'no';
    if (operand === DYNAMIC) match = 'maybe';
    else if (operand !== word) return 'no';
  }
  return match;
}

function isFlag(word: string, flag: string, budget: JudgeBudget): boolean {
  if (word === flag || word.startsWith(`${flag}=`)) return true;
  if (/^-\w$/.test(flag)) return /^-[A-Za-z]+$/.test(word) && word.includes(flag.slice(1));
  return /[*?[]/.test(flag) && matchesGlob(word, flag, budget);
}
