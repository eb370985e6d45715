/**
 * Reads an agent's first prompt, and the one form of goal that the offline model can do.
 * Rule: it tolerates variations in how a goal is written, but never guesses its meaning: an unclear goal is a problem.
 */

/** The parts of a prompt; a missing part is empty. */
export interface Prompt {
  goal: string;
  task: string;
  title: string;
  instructions: string;
  paths: string[];
  checks: string[];
  /** Checks that are already red on the base, as a person accepted. */
  redBefore?: string[];
}

/** A replacement, exactly as ast-grep gets it. */
export interface Replacement {
  pattern: string;
  rewrite: string;
  /** The language's name in lower case; undefined lets ast-grep decide by each file's ending. */
  language?: string;
}

export type Goal =
  | ({ kind: 'replace' } & Replacement)
  /** Begins like a replacement but has a fault. */
  | { kind: 'malformed'; problem: string }
  | { kind: 'other' };

/** Names of languages that people use, with ast-grep's name for each. */
const LANGUAGE_NAMES: Record<string, string> = {
  'c#': 'csharp',
  sh: 'bash',
  shell: 'bash',
  terraform: 'hcl',
  tf: 'hcl',
};

/** The form of goal that the offline model can do, for messages. */
export const GOAL_FORM = 'replace `<pattern>` with `<rewrite>` [in <language>]';

/** Reads the first user message; undefined where it has no goal. */
export function readPrompt(text: string): Prompt | undefined {
  const start = /^Goal: ?/m.exec(text);
  if (!start) return undefined;
  const rest = text.slice(start.index + start[0].length);
  // A goal may contain blank lines, so it ends at its task; only without a task does the first blank line end it.
  const end = [rest.indexOf('\n\nTask:'), rest.search(/\n[ \t]*\n/)].find((at) => at >= 0) ?? rest.length;
  const after = rest.slice(end);
  const redBefore = readList(after, 'Red on the base already, and accepted where they stay red in the same way');
  return {
    goal: rest.slice(0, end).trim(),
    task: readLine(after, 'Task'),
    title: readLine(after, 'Title'),
    instructions: /^Instructions: ?([^]*?)(?=\n\nPaths:|(?![^]))/m.exec(after)?.[1] ?? '',
    paths: readList(after, 'Paths'),
    checks: readList(after, 'Checks'),
    ...(redBefore.length > 0 ? { redBefore } : {}),
  };
}

function readLine(text: string, name: string): string {
  return new RegExp(`^${name}: ?(.*)$`, 'm').exec(text)?.[1]?.trim() ?? '';
}

/** Reads a list of `- ` lines; a line without the dash continues the one before. */
function readList(text: string, name: string): string[] {
  const section = new RegExp(`^${name}:[ \\t]*\\n([^]*?)(?=\\n[ \\t]*\\n|(?![^]))`, 'm').exec(text)?.[1] ?? '';
  const entries: string[] = [];
  for (const line of section.split('\n')) {
    if (line.startsWith('- ')) entries.push(line.slice(2));
    else if (entries.length > 0) entries.push(`${entries.pop() ?? ''}\n${line}`);
  }
  return entries.map((entry) => entry.trim()).filter((entry) => entry !== '' && entry !== '(none)');
}

/** Reads a goal ``replace `<pattern>` with `<rewrite>` [in <language>]``; longer fences quote text with backticks. */
export function readGoal(goal: string): Goal {
  const text = goal.trim();
  const verb = /^(?:please\s+)?replace\b\s*/i.exec(text);
  if (!verb) return { kind: 'other' };
  const pattern = readQuoted(text.slice(verb[0].length), 'pattern');
  if (pattern.kind === 'bad') return { kind: 'malformed', problem: pattern.problem };
  const joint = /^\s*(?:with|by)\s*/i.exec(pattern.rest);
  if (!joint) return { kind: 'malformed', problem: 'after the pattern comes "with" and the rewrite in backticks' };
  const rewrite = readQuoted(pattern.rest.slice(joint[0].length), 'rewrite');
  if (rewrite.kind === 'bad') return { kind: 'malformed', problem: rewrite.problem };
  const language = readLanguage(rewrite.rest);
  if (language.kind === 'bad') return { kind: 'malformed', problem: language.problem };
  const problem = findProblem(pattern.value, rewrite.value);
  if (problem) return { kind: 'malformed', problem };
  const { name } = language;
  return {
    kind: 'replace',
    pattern: pattern.value,
    rewrite: rewrite.value,
    ...(name === undefined ? {} : { language: name }),
  };
}

type Quoted = { kind: 'ok'; value: string; rest: string } | { kind: 'bad'; problem: string };

/** Reads text between fences of equally many backticks, as in Markdown; two backticks alone are an empty text. */
function readQuoted(text: string, what: string): Quoted {
  const fence = /^`+/.exec(text)?.[0];
  if (!fence) return { kind: 'bad', problem: `the ${what} must be in backticks` };
  if (fence === '``' && /^``(?=\s*$|\s*[.!]|\s+(?:with|by|in)\s)/.test(text) && !/[^`]``(?!`)/.test(text.slice(2))) {
    return { kind: 'ok', value: '', rest: text.slice(2) };
  }
  const close = new RegExp(`(?<!\`)${fence}(?!\`)`).exec(text.slice(fence.length));
  if (!close) return { kind: 'bad', problem: `the ${what} has no closing ${fence}` };
  const inner = text.slice(fence.length, fence.length + close.index);
  // In a longer fence, one space at each end only separates the fence from a backtick of the text.
  const value = fence.length > 1 ? inner.replace(/^ ([^]*) $/, '$1') : inner;
  return { kind: 'ok', value, rest: text.slice(fence.length + close.index + fence.length) };
}

function readLanguage(text: string): { kind: 'ok'; name?: string } | { kind: 'bad'; problem: string } {
  const rest = text.trim().replace(/[.!]$/, '').trim();
  if (rest === '') return { kind: 'ok' };
  const name = /^in\s+(?:the\s+)?`?([A-Za-z][\w+#.-]*)`?(?:\s+(?:files?|code|sources?))?$/i
    .exec(rest)?.[1]
    ?.toLowerCase();
  if (name === undefined) {
    return {
      kind: 'bad',
      problem: `after the rewrite may come "in <language>" and nothing else, not "${rest.slice(0, 100)}"`,
    };
  }
  return { kind: 'ok', name: Object.hasOwn(LANGUAGE_NAMES, name) ? (LANGUAGE_NAMES[name] ?? name) : name };
}

function findProblem(pattern: string, rewrite: string): string | undefined {
  if (pattern.trim() === '') return 'the pattern is empty';
  if (pattern.includes('\0') || rewrite.includes('\0')) return "a pattern or rewrite can't contain a NUL character";
  if (pattern === rewrite) return 'the rewrite is the same as the pattern: nothing would change';
  const bound = new Set(metavariables(pattern));
  const unbound = metavariables(rewrite).filter((name) => !bound.has(name));
  // ast-grep replaces an unbound metavariable by nothing, which silently deletes code.
  if (unbound.length > 0)
    return `the rewrite uses ${[...new Set(unbound)].join(', ')}, which the pattern does not have`;
  return undefined;
}

function metavariables(text: string): string[] {
  return [...text.matchAll(/\$\$\$[A-Z_][A-Z0-9_]*|\$[A-Z_][A-Z0-9_]*/g)].map(([name]) => name);
}

/** The paths and globs of `skip <path>[, <path>…]` lines, in a steer, a note or a task's instructions. */
export function readSkips(text: string): string[] {
  return text.split('\n').flatMap((line) => {
    const list = /^(?:.*: )?skip\s+(\S+(?:\s*,\s*\S+)*)\s*$/i.exec(line)?.[1];
    if (list === undefined) return [];
    return list
      .split(',')
      .map((path) => path.trim().replaceAll('`', '').replace(/^\.\//, '').replace(/\/+$/, ''))
      .filter((path) => path !== '');
  });
}
