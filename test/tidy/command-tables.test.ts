/** The tables at the top of `next.ts`: every command has a row, and what a row names is in the code. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readFiles, ROOT } from './source-files.ts';

const sources = readFiles(/^src\/(core|workflows|activities)\/.*\.ts$/);

/** Cells that say in words who performs a command or what follows it. */
const WORDS = /^(a |the |none$|signal$|continue as new$)/;

/** The rows of a table in a comment: command, activity, events, functions. */
function readRows(text: string): string[][] {
  const rows = [...text.matchAll(/^ \* \|(.+)\|$/gm)].map(([, row = '']) => row.split('|').map((cell) => cell.trim()));
  return rows.slice(2);
}

/** The kinds of a union of `{ kind: '…' }`, by its name. */
function readKinds(text: string, union: string): string[] {
  const body =
    new RegExp(`export type ${union} =([^]*?);\\n\\n|export type ${union} =([^]*?);\\n$`).exec(text)?.[0] ?? '';
  return [...body.matchAll(/^ {2}\| \{\s+kind: '([^']+)'/gm)].map(([, kind = '']) => kind);
}

describe.each([
  { folder: 'agent', commands: 'AgentCommand', events: 'AgentEvent' },
  { folder: 'refactor', commands: 'RefactorCommand', events: 'RefactorEvent' },
])('the table of core/$folder/next.ts', ({ folder, commands, events }) => {
  const rows = readRows(readFileSync(`${ROOT}src/core/${folder}/next.ts`, 'utf8'));
  const state = readFileSync(`${ROOT}src/core/${folder}/state.ts`, 'utf8');
  const all = sources.map(({ text }) => text).join('\n');

  test('has a row for every command, and no other', () => {
    expect(rows.map(([command = '']) => command).toSorted()).toEqual(readKinds(state, commands).toSorted());
  });

  test('names activities, events and functions that are there', () => {
    const known = readKinds(state, events);
    const unknown = rows.flatMap(([, activity = '', happened = '', takers = '']) => [
      ...(WORDS.test(activity) || all.includes(`.${activity}.executeWithOptions`) || /runChecks/.test(activity)
        ? []
        : [activity]),
      ...(WORDS.test(happened) ? [] : happened.split(', ').filter((kind) => !known.includes(kind))),
      ...(WORDS.test(takers) ? [] : takers.split(', ').filter((name) => !all.includes(`function ${name}(`))),
    ]);
    expect(unknown).toEqual([]);
  });
});
