/**
 * Judges the facts of a command line by rules: allow, ask or deny.
 * Rule: a line is judged as a whole, and the strictest ruling wins. What can't be judged, or takes too many steps to
 * compare, asks; it is never allowed.
 */
import { z } from 'zod';
import { describeNetwork, operandsOf } from './reach.ts';
import type { CommandFacts, SimpleCommand } from './facts.ts';
import { basename, DYNAMIC } from './facts.ts';
import type { Comparing, GlobReading, PathMatch } from './paths.ts';
import { matchesGlob, namesPath, surer } from './paths.ts';
import type { GateRule } from '../risk.ts';
import { compareStrictness, GATE_RULES } from '../risk.ts';
import type { StepBudget } from '../step-budget.ts';
import { isSpent, openBudget, take } from '../step-budget.ts';

const text = z.string().min(1).max(200);
const list = z.array(text).min(1).max(200);

/**
 * A rule for commands. All of its conditions must hold for the same simple command, except `redirects`, `writes` and
 * `assignments`, which look at the whole line. Its examples are checked when policy is loaded.
 */
export const commandRuleSchema = z
  .strictObject({
    id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,59}$/, 'lower-case letters, digits and dashes'),
    effect: z.enum(GATE_RULES),
    /** Names of programs, without folders. `*` stands for any text. */
    programs: list.optional(),
    /** The first words that are not options: `push`, or several words: `remote add`. */
    subcommands: list.optional(),
    /**
     * One of these words is there: `--force`, also as `--force=x`; `-f`, also in `-xf`; or a glob of `*`, `?`, `[ab]`.
     */
    flags: list.optional(),
    /** Globs of paths; a word or a redirection names one of them. `~` is the home folder. */
    paths: list.optional(),
    /** Globs of paths; the shell redirects to or from one of them. */
    redirects: list.optional(),
    /** Globs of paths; the line writes one of them, as far as its words say. */
    writes: list.optional(),
    /** Variables; the line sets one of them. */
    assignments: list.optional(),
    /** The command looks like network use. */
    network: z.literal(true).optional(),
    /** Shown to the person who is asked, and to the model. */
    reason: z.string().min(1).max(300),
    match: z.array(z.string().min(1).max(1000)).min(1).max(50),
    notMatch: z.array(z.string().min(1).max(1000)).max(50),
  })
  .refine(
    ({ programs, subcommands, flags, paths, redirects, writes, assignments, network }) =>
      [programs, subcommands, flags, paths, redirects, writes, assignments, network].some(
        (condition) => condition !== undefined,
      ),
    'a rule without any condition would match everything',
  );
export type CommandRule = z.infer<typeof commandRuleSchema>;

/** A ruling and the rule behind it. `rule` is null if no rule matched or the line can't be judged. */
export interface CommandRuling {
  outcome: GateRule;
  rule: string | null;
  reason: string;
}

/** Most steps for comparing one line with all rules: about a tenth of a second. */
const MAX_STEPS = 10_000_000;

/**
 * Judges a line. `otherwise` is the ruling if no rule matches: what policy's gate for commands says. If it is `ask`,
 * the line is allowed only if rules allow each of its commands, writes and assignments.
 */
export function ruleOnCommand(
  facts: CommandFacts,
  rules: readonly CommandRule[],
  otherwise: GateRule = 'allow',
  { budget = openBudget(MAX_STEPS), globs = 'shell' }: { budget?: StepBudget; globs?: GlobReading } = {},
): CommandRuling {
  const comparing: Comparing = { budget, words: new Map(), globs };
  const strict = rules
    .filter(({ effect }) => effect !== 'allow')
    .flatMap((rule) => {
      const match = matchRule(rule, facts, comparing);
      if (match === 'no') return [];
      // An uncertain match asks, even if the rule denies.
      return [{ outcome: match === 'yes' ? rule.effect : ('ask' as const), rule: rule.id, reason: rule.reason }];
    });
  const found = [...strict, ...listUnjudgeable(facts, budget)];
  const worst = found.toSorted((a, b) => compareStrictness(b.outcome, a.outcome))[0];
  if (otherwise === 'allow') return worst ?? { outcome: 'allow', rule: null, reason: 'no rule speaks against it' };
  if (worst && compareStrictness(worst.outcome, otherwise) >= 0) return worst;
  const allowing = worst ? undefined : findAllowing(facts, rules, comparing);
  if (allowing && !isSpent(budget)) return { outcome: 'allow', rule: allowing.id, reason: allowing.reason };
  return { outcome: otherwise, rule: null, reason: worst?.reason ?? 'no rule allows all of it' };
}

function listUnjudgeable({ unjudgeable }: CommandFacts, budget: StepBudget): CommandRuling[] {
  const why = unjudgeable ?? (isSpent(budget) ? 'there is too much in it to compare all of it with the rules' : null);
  return why === null ? [] : [{ outcome: 'ask', rule: null, reason: `can't be judged: ${why}` }];
}

/**
 * The rule that allows the first command, if each command, write and assignment is allowed by a rule; else undefined.
 */
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
    allowing.some(({ writes }) => writes !== undefined && namesPath(path, writes, comparing) === 'yes'),
  );
  const areNamesAllowed = facts.assignments.every((name) =>
    allowing.some(({ assignments }) => assignments?.includes(name)),
  );
  return areWritesAllowed && areNamesAllowed && commands.every((rule) => rule !== undefined) ? commands[0] : undefined;
}

/** Whether a rule matches this line. */
export function matchRule(
  rule: CommandRule,
  facts: CommandFacts,
  comparing: Comparing = { budget: openBudget(MAX_STEPS), words: new Map(), globs: 'shell' },
): PathMatch {
  const { programs, subcommands, flags, network, paths, redirects, writes, assignments } = rule;
  const redirected = facts.redirections.map(({ path }) => path);
  if (assignments && !facts.assignments.some((name) => assignments.includes(name))) return 'no';
  const line = both(
    writes ? nameAny(facts.writesTo, writes, comparing) : 'yes',
    redirects ? nameAny(redirected, redirects, comparing) : 'yes',
  );
  if (line === 'no') return 'no';
  let best: PathMatch = 'no';
  if (!programs && !subcommands && !flags && !network) {
    if (!paths) return line;
    best = nameAny(redirected, paths, comparing);
  }
  return both(
    line,
    facts.commands.reduce<PathMatch>((so, command) => surer(so, matchCommand(rule, command, comparing)), best),
  );
}

function nameAny(words: readonly string[], patterns: readonly string[], comparing: Comparing): PathMatch {
  return words.reduce<PathMatch>(
    (best, word) => (best === 'yes' ? best : surer(best, namesPath(word, patterns, comparing))),
    'no',
  );
}

/** The weaker of two matches, where both must hold. */
function both(one: PathMatch, other: PathMatch): PathMatch {
  return one === 'no' || other === 'no' ? 'no' : one === 'maybe' || other === 'maybe' ? 'maybe' : 'yes';
}

function matchCommand(rule: CommandRule, command: SimpleCommand, comparing: Comparing): PathMatch {
  const { budget } = comparing;
  const { programs, flags } = rule;
  if (!take(budget, 1 + (programs?.length ?? 0))) return 'no';
  if (programs && !programs.some((name) => isNamed(basename(command.program), name, budget))) return 'no';
  // The comparisons below look at each word, for each flag.
  if (!take(budget, command.words.length * (1 + (flags?.length ?? 0)))) return 'no';
  if (rule.network && describeNetwork(command) === undefined) return 'no';
  if (flags && !flags.some((flag) => command.words.some((word) => isFlag(word, flag, budget)))) return 'no';
  const named = rule.paths ? nameAny(command.words, rule.paths, comparing) : 'yes';
  if (named === 'no' || !rule.subcommands) return named;
  const operands = operandsOf(command);
  const subcommand = rule.subcommands.map((words) => matchSubcommand(operands, words.split(' ')));
  return both(named, subcommand.reduce<PathMatch>(surer, 'no'));
}

function isNamed(program: string, name: string, budget: StepBudget): boolean {
  return program === name || (name.includes('*') && matchesGlob(program, name, budget));
}

/** An operand that is known only when the line runs makes the match `maybe`. */
function matchSubcommand(operands: readonly string[], words: readonly string[]): PathMatch {
  let match: PathMatch = 'yes';
  for (const [index, word] of words.entries()) {
    const operand = operands[index];
    if (operand === undefined) return 'no';
    if (operand === DYNAMIC) match = 'maybe';
    else if (operand !== word) return 'no';
  }
  return match;
}

function isFlag(word: string, flag: string, budget: StepBudget): boolean {
  if (word === flag || word.startsWith(`${flag}=`)) return true;
  if (/^-\w$/.test(flag)) return /^-[A-Za-z]+$/.test(word) && word.includes(flag.slice(1));
  return /[*?[]/.test(flag) && matchesGlob(word, flag, budget);
}
