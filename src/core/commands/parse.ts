/**
 * Reads a command line as bash would, without running it: every program in it, through pipes, lists, substitutions,
 * wrappers and `sh -c`.
 * Rule: it never throws, and one step budget bounds all of its work. What it can't follow is stated in `unjudgeable`;
 * then no rule allows the line.
 */
import { forEachChild, parse } from 'unbash';
import type { Assignment, Command, HereDoc, Redirect, Redirection, SyntaxNode, Word } from 'unbash';
import { hidesText, interpreterOf, listCodePaths, readsProgram, takeCode, unpacksWhatItRuns } from './code.ts';
import { describeNetwork, listWrites } from './reach.ts';
import type { CommandFacts, SimpleCommand } from './facts.ts';
import { basename, DYNAMIC, noFacts } from './facts.ts';
import type { Known, ReadWord } from './words.ts';
import { readWord } from './words.ts';
import { findInner, isFinder, isShell } from './wrappers.ts';
import { escapeForPeople } from '../text/escape.ts';
import type { StepBudget } from '../step-budget.ts';
import { isSpent, openBudget, take } from '../step-budget.ts';

/** Characters. Calls of tools are shorter. */
const MAX_LINE = 60_000;
/** Nesting of brackets: the parser reads each level again. */
const MAX_BRACKETS = 40;
/** Substitutions and here-documents in one line: the parser searches for the end of each. */
const MAX_SUBSTITUTIONS = 400;
/** Nesting of commands: wrappers, and lines for a shell. */
const MAX_DEPTH = 8;
/**
 * Most steps for one line. A word is a step; so are LINE_STEP characters of a line to parse and WORD_STEP characters of
 * a word.
 */
const MAX_STEPS = 10_000;
const LINE_STEP = 16;
const WORD_STEP = 64;

interface Reading {
  facts: CommandFacts;
  known: Known;
  budget: StepBudget;
  /** How many wrappers and shell lines are around this one. */
  depth: number;
  /** It is part of the arguments of a `find` whose `-exec` commands have all been found already. */
  isFound?: boolean;
  via: string[];
}

/** The facts of a command line. `budget` bounds the work. */
export function parseCommand(line: string, budget = openBudget(MAX_STEPS)): CommandFacts {
  const facts = noFacts(null);
  readLine(line, { facts, known: new Map(), budget, depth: 0, via: [] });
  facts.assignments = [...new Set(facts.assignments)];
  if (isSpent(budget)) facts.unjudgeable ??= 'there is too much in it to look at all of it';
  return facts;
}

function readLine(line: string, reading: Reading): void {
  if (!take(reading.budget, 1 + Math.ceil(line.length / LINE_STEP))) return;
  const problem = findProblem(line, reading);
  if (problem) return giveUp(reading, problem);
  try {
    const script = parse(line);
    visit(script, { ...reading, known: findKnown(script) });
  } catch {
    giveUp(reading, 'the parser gave up');
  }
}

function findProblem(line: string, { depth }: Reading): string | undefined {
  if (line.length > MAX_LINE) return `it is longer than ${MAX_LINE} characters`;
  if (depth > MAX_DEPTH) return TOO_DEEP;
  // Also inside quotes: people can't judge characters that they can't see.
  if (escapeForPeople(line) !== line) return 'it has characters that can’t be seen';
  let open = 0;
  for (const character of line) {
    if (character === '(' || character === '{') open += 1;
    else if ((character === ')' || character === '}') && open > 0) open -= 1;
    if (open > MAX_BRACKETS) return 'brackets lie too deep in each other';
  }
  const substitutions = line.match(/\$[([]|[<>]\(|<</g)?.length ?? 0;
  return substitutions > MAX_SUBSTITUTIONS ? 'it has too many substitutions' : undefined;
}

const TOO_DEEP = 'commands lie too deep in each other';

/** Keeps the first reason. */
function giveUp({ facts }: Reading, reason: string): void {
  facts.unjudgeable ??= reason;
}

/**
 * Variables that the script sets exactly once, to known text. Variables set by a loop or by `read` are not among them.
 */
function findKnown(script: SyntaxNode): Known {
  const seen = new Map<string, string | null>();
  const set = (name: string, value: string | null): unknown => seen.set(name, seen.has(name) ? null : value);
  const look = (node: SyntaxNode): void => {
    if (node.type === 'Assignment') set(node.name, knownValue(node));
    if (node.type === 'For' || node.type === 'Select') set(node.name.value, null);
    if (node.type === 'Command' && /^(read|mapfile|readarray|getopts|printf|unset|let)$/.test(node.name?.value ?? ''))
      for (const word of node.args) if (word.type === 'Word') set(word.value, null);
    forEachChild(node, look);
  };
  look(script);
  return new Map([...seen].flatMap(([name, value]) => (value === null ? [] : [[name, value] as const])));
}

/** Longer values are not names of files, and a long value that is used a thousand times would make megabytes. */
const MAX_KNOWN = 1000;

function knownValue({ value, append, index }: Assignment): string | null {
  if (append || index || value.type !== 'Word') return null;
  const { text, literal } = readWord(value, new Map());
  return (literal || text.startsWith('~')) && text.length <= MAX_KNOWN ? text : null;
}

function visit(node: SyntaxNode, reading: Reading): void {
  if (isSpent(reading.budget)) return;
  if (node.type === 'Script') {
    const [error] = 'errors' in node && node.errors ? node.errors : [];
    if (error) giveUp(reading, `bash would not take it: ${error.message}`);
  }
  if (node.type === 'Statement' && node.background) reading.facts.background = true;
  if (node.type === 'Coproc') reading.facts.background = true;
  if (node.type === 'Redirect') readRedirect(node, reading);
  if (node.type === 'Assignment' && take(reading.budget, 1)) reading.facts.assignments.push(node.name);
  if (node.type === 'Command') readCommand(node, reading);
  forEachChild(node, (child) => visit(child, reading));
}

function readRedirect({ operator, target }: Redirect, { facts, known, budget }: Reading): void {
  if (!target || !take(budget, 1)) return;
  const path = readWord(target, known).text;
  const isCopy = operator === '>&' || operator === '<&';
  if ((isCopy && /^(\d+-?|-)$/.test(path)) || path === '/dev/null') return;
  if (/^\/dev\/(tcp|udp)\//.test(path)) facts.network.push(path.slice(0, 60));
  const kind = operator.includes('>>') ? 'append' : operator.includes('>') ? 'write' : 'read';
  facts.redirections.push({ kind, path });
  if (kind !== 'read') facts.writesTo.push(path);
}

function readCommand(node: Command, reading: Reading): void {
  if (!node.name) return;
  const words = [node.name, ...node.args.map((arg) => (arg.type === 'Word' ? arg : wordOf(arg)))];
  readWords(
    words.map((word) => readWord(word, reading.known)),
    node.redirects,
    reading,
  );
}

/** An operand of `export A=$B` is an assignment. */
function wordOf(assignment: Assignment): Word {
  const { text, pos, end } = assignment;
  return { type: 'Word', text, value: text, pos, end, parts: [{ type: 'Literal', text, value: text, pos, end }] };
}

/** Records one simple command, then the commands inside it. */
function readWords(words: readonly ReadWord[], redirects: readonly Redirection[], reading: Reading): void {
  const [program, ...rest] = words;
  if (!program) return;
  if (reading.depth > MAX_DEPTH) return giveUp(reading, TOO_DEEP);
  if (!take(reading.budget, countSteps(words))) return;
  const command: SimpleCommand = {
    program: program.text,
    words: rest.map(({ text }) => text),
    ...(reading.via.length > 0 ? { via: reading.via } : {}),
  };
  reading.facts.commands.push(command);
  if (!program.literal || program.text.includes(DYNAMIC))
    return giveUp(reading, `what "${shown(program.text)}" runs is known only when it runs`);
  if (/^(printf|echo)$/.test(basename(program.text)) && rest.some(({ text }) => hidesText(text)))
    giveUp(reading, `${program.text} spells in escapes what people can’t read`);
  if (program.text === 'eval') return giveUp(reading, 'eval runs text that is made when it runs');
  if (/^(\.|source)$/.test(program.text) && rest[0]?.text.includes(DYNAMIC))
    return giveUp(reading, 'it sources what is known only when it runs');
  const network = describeNetwork(command);
  if (network) reading.facts.network.push(network);
  reading.facts.writesTo.push(...listWrites(command));
  readCode(command, rest, redirects, reading);
  readInner(command, words, reading);
}

/** Reads the commands inside a wrapper, and takes their words away from the wrapper. */
function readInner(command: SimpleCommand, words: readonly ReadWord[], reading: Reading): void {
  const isFind = isFinder(command.program);
  if (isFind && reading.isFound) return;
  const rest = words.slice(1);
  let isCut = false;
  for (const inner of findInner(words)) {
    if (isSpent(reading.budget)) return;
    if (inner.kind !== 'line') reading.facts.assignments.push(...inner.assigned);
    if (inner.kind === 'none') continue;
    // The words of the inner command are judged with that command, so the wrapper drops them.
    const first = inner.kind === 'words' ? inner.words[0] : inner.line;
    const at: number = first && !isCut ? rest.indexOf(first) : -1;
    if (at >= 0) command.words = command.words.slice(0, at);
    isCut ||= at >= 0;
    if (inner.kind === 'line') readInnerLine(inner.line, inner.via, reading);
    else {
      const nested = deeper(reading, inner.via);
      readWords(inner.words, [], { ...nested, isFound: isFind || reading.isFound === true });
    }
  }
}

function countSteps(words: readonly ReadWord[]): number {
  return words.reduce((steps, { text }) => steps + 1 + Math.floor(text.length / WORD_STEP), 0);
}

function readInnerLine(line: ReadWord, via: string, reading: Reading): void {
  if (!line.literal) return giveUp(reading, `the command line in "${via}" is made when it runs`);
  readLine(line.text, deeper(reading, via));
}

/** The state for a line inside this line. */
function deeper(reading: Reading, via: string): Reading {
  return { ...reading, depth: reading.depth + 1, isFound: false, via: [...reading.via, via].slice(-3) };
}

/** Reads code that an interpreter or a shell gets by option, here-document or pipe. */
function readCode(
  command: SimpleCommand,
  rest: readonly ReadWord[],
  redirects: readonly Redirection[],
  reading: Reading,
): void {
  const heredoc = redirects.find((redirect): redirect is HereDoc => redirect.type === 'HereDoc');
  const string = redirects.find((redirect) => redirect.type === 'HereString');
  const fromFile = redirects.some((redirect) => redirect.type === 'Redirect' && redirect.operator === '<');
  const name = basename(command.program);
  if (isShell(name)) {
    if (rest.find(({ text }) => !/^[-+]/.test(text))?.text.includes(DYNAMIC))
      return giveUp(reading, `what ${name} runs is known only when it runs`);
    const isFed = rest.every(({ text }) => /^-(?!\w*c)/.test(text)) || rest.some(({ text }) => /^-\w*s\w*$/.test(text));
    if (!isFed || fromFile) return;
    if (!heredoc || heredoc.body.parts?.some(({ type }) => type !== 'Literal'))
      return giveUp(reading, `${name} runs what it is fed`);
    return readLine(heredoc.body.text, deeper(reading, `${name} <<`));
  }
  const interpreter = interpreterOf(name);
  if (!interpreter) return;
  const { words, code } = takeCode(interpreter, rest);
  command.words = words.map(({ text }) => text);
  if (code.some(({ text }) => text === DYNAMIC)) giveUp(reading, `${name} runs code that is made when it runs`);
  if (readsProgram(interpreter, rest) && !fromFile) {
    if (heredoc) code.push({ text: heredoc.body.text, literal: true });
    else if (string) giveUp(reading, `${name} runs what it is fed`);
    else if (rest.every(({ text }) => text === '-')) giveUp(reading, `${name} runs what it is fed`);
    command.words.push(...(heredoc ? listCodePaths(heredoc.body.text) : []));
  }
  if (code.some(({ text }) => unpacksWhatItRuns(text))) giveUp(reading, `${name} unpacks the code that it runs`);
}

function shown(text: string): string {
  return text.replaceAll(DYNAMIC, '…').slice(0, 60);
}
