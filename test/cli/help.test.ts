/** What `cox --help` shows: groups, widths, and examples that a shell takes as they are printed. */
import type { Command } from 'commander';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import type { Action } from '../../src/cli/command/action.ts';
import { createProgram } from '../../src/cli/program.ts';
import { accountUpdates, signals, updates } from '../../src/workflows/messages.ts';
import { ACCOUNT_SCHEMAS } from '../../src/core/budget/account.ts';
import { describeVerb } from '../../src/core/decisions/message-notes.ts';
import { readBulkInput } from '../../src/core/decisions/bulk.ts';
import type { Verb } from '../../src/core/decisions/messages.ts';
import { readMessage, readStart } from '../../src/core/decisions/messages.ts';

const program = await createProgram();
const commands = listAll(program);
const leaves = commands.filter(({ command }) => command.commands.length === 0 || command.name() === 'policy');

function listAll(parent: Command): { path: string; command: Command }[] {
  return parent.commands.flatMap((command) => [
    { path: command.name(), command },
    ...listAll(command).map(({ path, command: below }) => ({ path: `${command.name()} ${path}`, command: below })),
  ]);
}

/** The whole help of a command, as a terminal of this width shows it. */
function helpOf(command: Command, columns = 80): string {
  let text = '';
  const { stdout } = process;
  const width = Object.getOwnPropertyDescriptor(stdout, 'columns');
  Object.defineProperty(stdout, 'columns', { value: columns, configurable: true });
  const before = command.configureOutput();
  try {
    command.configureOutput({ ...before, writeOut: (part) => (text += part) }).outputHelp();
  } finally {
    command.configureOutput(before);
    if (width) Object.defineProperty(stdout, 'columns', width);
    else delete (stdout as { columns?: number }).columns;
  }
  return text;
}

/** The lines below `Example:` and those for the temporal program, as a shell reads them: a list of words each. */
async function wordsOf(help: string): Promise<string[][]> {
  const [, lines = ''] = help.split('\nExample:\n');
  const script = lines.replace('The same by the temporal program:', '');
  const own = `say() { printf '%s\\0' "$@"; printf '\\0'; }\ncox() { say cox "$@"; }\ntemporal() { say temporal "$@"; }\n`;
  const { stdout } = await execa('sh', ['-ec', own + script], { stripFinalNewline: false });
  return stdout
    .split('\0\0')
    .filter((line) => line !== '')
    .map((line) => line.split('\0'));
}

test('commands stand in six groups, in the order in which a person meets them', () => {
  expect([...new Set(program.commands.map((command) => command.helpGroup()))]).toEqual([
    'Start:',
    'Watch:',
    'Decide:',
    'Steer:',
    'Budget and policy:',
    'Operate:',
  ]);
  expect(helpOf(program)).toMatch(/Start:\n {2}demo [^]*Decide:\n {2}inbox [^]*Operate:\n {2}worker /);
});

test('no help is wider than 100 columns, and none but for an example wider than a terminal of 80', () => {
  for (const { path, command } of [{ path: 'cox', command: program }, ...commands]) {
    const widest = (text: string): number => Math.max(...text.split('\n').map((line) => line.length));
    expect(widest(helpOf(command, 300)), path).toBeLessThanOrEqual(100);
    expect(widest(helpOf(command).split('\nExample:')[0] ?? ''), path).toBeLessThanOrEqual(80);
  }
});

describe.each(leaves)('cox $path', ({ path, command }) => {
  test('its help ends with an example that the program takes', async () => {
    const [own = [], ...others] = await wordsOf(helpOf(command));
    expect(own.slice(0, 1 + path.split(' ').length)).toEqual(['cox', ...path.split(' ')]);
    const said = await parse(own.slice(1));
    expect(others.every(([name, of]) => name === 'temporal' && of === 'workflow')).toBe(true);
    for (const [, , does = '', ...more] of others) {
      const words = does === 'update' ? more.slice(1) : more;
      const valueOf = (option: string): string => words[words.indexOf(option) + 1] ?? '';
      if (!words.includes('--input') && !words.includes('--name')) continue;
      const input: unknown = words.includes('--input') ? JSON.parse(valueOf('--input')) : {};
      expectFit(does === 'start' ? valueOf('--type') : valueOf('--name'), input);
      if (does !== 'start') expect(said).toEqual(expect.arrayContaining(listValues(input)));
    }
  });
});

/** What a command line gives its command: arguments and options, as texts. */
async function parse(words: string[]): Promise<string[]> {
  const seen: unknown[] = [];
  const record: Action =
    () =>
    async (...args) => {
      await Promise.resolve(seen.push(...args.slice(0, -1)));
    };
  const typed = await createProgram(words, record);
  await typed.parseAsync(words, { from: 'user' });
  expect(seen.length).toBeGreaterThan(0);
  return seen.flatMap((one) => listValues(one ?? []));
}

/** Each value in an input, as a text; a plan is in a file of its own. */
function listValues(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [String(value)];
  return Object.entries(value).flatMap(([name, below]) => (name === 'plan' ? [] : listValues(below)));
}

function expectFit(name: string, input: unknown): void {
  if (name === 'refactor') return expect(readStart([input]).kind).toBe('ok');
  if (name === 'bulk') return expect(readBulkInput([input])).toMatchObject({ kind: 'ok' });
  if (name === accountUpdates.raise.name) return expect(ACCOUNT_SCHEMAS.raise.safeParse(input).success).toBe(true);
  expect(Object.keys(updates)).toContain(name);
  expect(readMessage(name as Verb, [input])).toMatchObject({ kind: 'ok' });
}

test('a verb that may be a signal is shown as one, and no other', async () => {
  const shown = await Promise.all(
    commands.map(async ({ path, command }) => {
      const lines = await wordsOf(helpOf(command));
      return lines.some(([, , does]) => does === 'signal') ? [path] : [];
    }),
  );
  expect(shown.flat().toSorted()).toEqual(Object.keys(signals).toSorted());
});

test('what is mistyped is answered with where the help is', async () => {
  const say = async (...words: string[]): Promise<string> => {
    let text = '';
    const tried = await createProgram(words, () => async () => await Promise.resolve());
    const quiet = (command: Command): void => {
      command.exitOverride().configureOutput({ writeErr: (part) => (text += part) });
      for (const below of command.commands) quiet(below);
    };
    quiet(tried);
    expect(() => tried.parse(words, { from: 'user' })).toThrow(/./);
    return text;
  };
  expect(await say('approve')).toBe(
    "error: missing required argument 'id'\nIts options, and an example:  cox approve --help\n",
  );
  expect(await say('policy', 'adopt')).toContain('cox policy adopt --help');
  expect(await say('aprove')).toContain('(Did you mean approve?)');
  expect(await say('revise-plan', 'demo-1', 'plan.json', '--plan-version', 'one')).toContain('It takes a whole number');
});

test('a description in the Temporal UI is the sentence of the help, and what the message takes', () => {
  expect(describeVerb('rewind')).toBe(
    "take a task back to a checkpoint: a step's number or a commit id. " +
      'Input: {task?, to, signature?, signer?, expiresAt?, by?, id?}, or a string: its to',
  );
  expect(describeVerb('revisePlan')).toBe(
    'replace the plan by another one. Input: {version, plan, signature?, signer?, expiresAt?, by?, id?}',
  );
});
