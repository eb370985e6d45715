/** docs/reference.md names what the code has, and the code has what it names: variables, inputs, messages, commands. */
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import type { z } from 'zod';
import { createProgram } from '../../src/cli/program.ts';
import { envSchema } from '../../src/config.ts';
import { REMOTE_VARIABLES } from '../../src/git/remote/environment.ts';
import { ACCOUNT_SCHEMAS, accountInputSchema } from '../../src/core/budget/account.ts';
import { bulkInputSchema } from '../../src/core/decisions/bulk.ts';
import { ACCOUNT_NOTES, QUERY_NOTES, VERB_NOTES, WAKE_NOTE } from '../../src/core/decisions/message-notes.ts';
import type { Verb } from '../../src/core/decisions/messages.ts';
import { MESSAGE_SCHEMAS, readMessage, SIGNAL_VERBS, startSchema, VERBS } from '../../src/core/decisions/messages.ts';
import { planSchema, taskSchema } from '../../src/core/plan.ts';
import { policyFileSchema } from '../../src/core/policy/file.ts';
import { fieldOf, NAMES } from '../../src/core/policy/policy.ts';
import { SEARCH_ATTRIBUTES } from '../../src/core/search-attributes.ts';
import { janitorInputSchema } from '../../src/core/upkeep/retention.ts';
import { forwardSignal, noticeSignal, reportSignal, troubleSignal } from '../../src/workflows/messages.ts';
import {
  accountStatusQuery,
  accountUpdates,
  agentQueries,
  refactorQueries,
  signals,
  updates,
  wakeSignal,
} from '../../src/workflows/messages.ts';
import * as workflows from '../../src/workflows/index.ts';
import { readFiles, ROOT } from './source-files.ts';

const page = readFileSync(`${ROOT}docs/reference.md`, 'utf8');

/** The rows of all tables whose first column is called so: the cells of each. */
function rowsOf(column: string): string[][] {
  const tables = page.split(/\n\s*\n/).filter((block) => block.startsWith(`| ${column} |`));
  return tables.flatMap((table) =>
    table
      .trim()
      .split('\n')
      .slice(2)
      .map((row) =>
        row
          .split('|')
          .slice(1, -1)
          .map((cell) => cell.trim()),
      ),
  );
}

const quoted = (cell = ''): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, text = '']) => text);
const namesIn = (column: string): string[] => rowsOf(column).flatMap(([cell]) => quoted(cell));
/** The row of a name, without it. */
const rowOf = (column: string, name: string): string[] =>
  rowsOf(column)
    .find(([cell]) => quoted(cell).includes(name))
    ?.slice(1) ?? [];

/** Names of fields as the page writes them: `name`, or `name?` where it may be left out. */
const fieldsIn = (cell = ''): string[] =>
  (/`\{([^}]*)\}/.exec(cell)?.[1] ?? '')
    .split(',')
    .map((field) => field.trim())
    .filter((field) => field !== '');

function fieldsOf(schema: z.ZodObject | z.ZodPipe): string[] {
  const { shape } = schema as z.ZodObject;
  return Object.entries(shape).map(([name, field]) => (field.safeParse(undefined).success ? `${name}?` : name));
}

/** What every verb takes. */
const SHARED = Object.values(MESSAGE_SCHEMAS)
  .map((schema) => fieldsOf(schema))
  .reduce((shared, fields) => shared.filter((field) => fields.includes(field)));

test('the variables of the page are those that the configuration reads', () => {
  const config = readFiles(/^src\/config\.ts$/)[0]?.text ?? '';
  const others = [...config.matchAll(/\benv\['(\w+)'\]/g)].map(([, name = '']) => name);
  const read = new Set([...Object.keys(envSchema.shape), ...others, ...REMOTE_VARIABLES]);
  expect(namesIn('variable').toSorted()).toEqual([...read].toSorted());
});

test('the workflow types of the page are those that the worker runs, with the fields of their inputs', () => {
  expect(namesIn('workflow type').toSorted()).toEqual(Object.keys(workflows).toSorted());
  const schemas = {
    refactor: startSchema,
    account: accountInputSchema,
    bulk: bulkInputSchema,
    janitor: janitorInputSchema,
  };
  for (const [type, schema] of Object.entries(schemas))
    expect(fieldsIn(rowOf('workflow type', type)[0]).toSorted(), type).toEqual(fieldsOf(schema).toSorted());
  const parts = { plan: planSchema, task: taskSchema };
  expect(
    namesIn('part')
      .filter((name) => !name.startsWith('{'))
      .toSorted(),
  ).toEqual(Object.keys(parts).toSorted());
  for (const [part, schema] of Object.entries(parts))
    expect(fieldsIn(rowOf('part', part)[0]).toSorted(), part).toEqual(fieldsOf(schema).toSorted());
});

test('the messages of the page are those that runs take', () => {
  const people = [...Object.values({ ...updates, ...signals, ...accountUpdates }), wakeSignal].map(({ name }) => name);
  const internal = [forwardSignal, noticeSignal, reportSignal, troubleSignal].map(({ name }) => name);
  const all = new Set([...people, ...internal]);
  expect(namesIn('message').toSorted()).toEqual([...all].toSorted());
});

test('every verb stands with its fields, and how it is sent', () => {
  const [shared] = rowsOf('message').filter(([cell]) => cell === 'every one of these');
  expect(fieldsIn(shared?.[2]).toSorted()).toEqual(SHARED.toSorted());
  for (const verb of VERBS) {
    const [sentAs, input, alone] = rowOf('message', verb);
    const own = fieldsOf(MESSAGE_SCHEMAS[verb]).filter((field) => !SHARED.includes(field));
    expect(fieldsIn(input).toSorted(), verb).toEqual(own.toSorted());
    expect(sentAs, verb).toBe((SIGNAL_VERBS as readonly Verb[]).includes(verb) ? 'signal, update' : 'update');
    expect(quoted(alone), verb).toEqual(fieldOfString(verb));
    expect(rowOf('message', verb).at(-1), verb).toMatch(begins(VERB_NOTES[verb].does));
  }
  for (const [verb, schema] of Object.entries(ACCOUNT_SCHEMAS))
    expect(fieldsIn(rowOf('message', verb)[1]).toSorted(), verb).toEqual(fieldsOf(schema).toSorted());
  for (const [verb, does] of Object.entries(ACCOUNT_NOTES)) expect(rowOf('message', verb).at(-1), verb).toBe(does);
  expect(rowOf('message', wakeSignal.name).at(-1)).toBe(WAKE_NOTE);
});

/** A cell that says this sentence, and more where it needs more. */
const begins = (sentence: string): RegExp =>
  new RegExp(`^${sentence.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?=[.,;]? |$)`);

/** The field that a string alone is taken as; none where a string is no input. */
function fieldOfString(verb: Verb): string[] {
  const read = readMessage(verb, ['words']);
  if (read.kind === 'bad') return [];
  return Object.entries(read.message).flatMap(([name, value]) => (value === 'words' ? [name] : []));
}

test('the queries of the page are those that runs answer', () => {
  const askedOf = (who: string): string[] =>
    namesIn('query').filter((name) => rowOf('query', name)[0]?.split(', ').includes(who));
  expect(askedOf('refactor').toSorted()).toEqual(Object.keys(refactorQueries).toSorted());
  expect(askedOf('agent').toSorted()).toEqual(Object.keys(agentQueries).toSorted());
  expect(askedOf('account')).toEqual([accountStatusQuery.name]);
  expect(namesIn('query').filter((name) => !(name in refactorQueries) && !(name in agentQueries))).toEqual([]);
  for (const [name, answers] of Object.entries(QUERY_NOTES)) expect(rowOf('query', name).at(-1), name).toBe(answers);
});

test('the search attributes of the page are those that are registered', () => {
  expect(namesIn('search attribute')).toEqual(Object.keys(SEARCH_ATTRIBUTES));
});

test('the commands of the page are those of cox, with their arguments, and in their groups', async () => {
  const program = await createProgram();
  const commands = listCommands(program, 'cox');
  expect(namesIn('command')).toEqual(commands.map(({ name }) => name));
  for (const { name, does } of commands) expect(rowOf('command', name).at(-1), name).toMatch(begins(does));
  const groups = [...new Set(program.commands.map((command) => command.helpGroup().replace(/:$/, '')))];
  expect([...page.split('## The `cox` program')[1]!.matchAll(/^### (.*)$/gm)].map(([, group]) => group)).toEqual(
    groups,
  );
});

/** Each command below one, as it is typed. */
function listCommands(parent: Command, typed: string): { name: string; does: string }[] {
  return parent.commands.flatMap((command) => {
    const name = `${typed} ${command.name()}`;
    const words = command.registeredArguments.map((one) => (one.required ? `<${one.name()}>` : `[${one.name()}]`));
    return [{ name: [name, ...words].join(' '), does: command.description() }, ...listCommands(command, name)];
  });
}

test('the example of docs/policy.md is a policy file', () => {
  const text = readFileSync(`${ROOT}docs/policy.md`, 'utf8');
  const example = /```yaml\n([^]*?)```/.exec(text)?.[1] ?? '';
  expect(policyFileSchema.safeParse(parse(example)).error?.issues ?? []).toEqual([]);
});

test('every field of policy has a row, in the words and with the built-in value of the code', () => {
  const rows = NAMES.map((name) => {
    const { says, joins, builtIn, only } = fieldOf(name);
    const where = only ? ` Only in files of the ${only.join(' or ')} layer.` : '';
    return [`\`${name}\``, `${says}${where}`, `\`${JSON.stringify(builtIn.value)}\``, joins];
  });
  expect(rowsOf('field of policy')).toEqual(rows);
});
