/**
 * Drives the offline model as an agent does: asks it over HTTP, runs its commands in a real shell, sends results back.
 * Rule: only the model's server is called, none of its functions.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { execa } from 'execa';
import { afterAll, onTestFinished } from 'vitest';
import { startConversation } from '../../../src/core/agent/prompts.ts';
import type { AgentSpec } from '../../../src/core/agent/state.ts';
import type { Plan } from '../../../src/core/plan.ts';
import { checkToolCall } from '../../../src/core/agent/tools.ts';
import type { Item } from '../../../src/core/transcript.ts';
import type { Model } from '../../../src/model/call-model.ts';
import { openModel } from '../../../src/model/call-model.ts';
import type { OfflineModel } from '../../../src/offline/model/offline-model.ts';
import { prepareToolbox } from '../../../src/sandbox/bubblewrap/toolbox.ts';
import { startOfflineModel } from '../../../src/offline/model/offline-model.ts';

const state = await mkdtemp(join(tmpdir(), 'coxswain-offline-tools-'));
afterAll(() => rm(state, { recursive: true, force: true }));
/** Almost the PATH of the sandbox: the system's programs, then ours. */
export const env = {
  PATH: ['/usr/local/bin', '/usr/bin', '/bin', (await prepareToolbox(state)).folder].join(delimiter),
};

/** The goal of most tests. */
export const GOAL = 'replace `var $A = require($B)` with `const $A = require($B)` in javascript';
/** A file with something to replace. */
export const REQUIRE = 'var a = require(\'a\');\nvar b = require("b"), c = 1;\n';

/** The file after the replacement. */
export const CONST = 'const a = require(\'a\');\nconst b = require("b"), c = 1;\n';

/** A project with difficult paths: ignored and hidden files, quotes, spaces, brackets, other languages. */
export const PROJECT = {
  '.gitignore': 'node_modules\n/built/\n*.gen.js\n',
  '.hidden/h.js': REQUIRE,
  'README.md': "```js\nvar a = require('a')\n```\n",
  'index.js': REQUIRE,
  'it\'s "odd" $HOME `id`.js': REQUIRE,
  '-dash.js': REQUIRE,
  'lib/a.js': REQUIRE,
  'lib/nothing.js': 'let x = 1;\n',
  'lib/deep/b.mjs': REQUIRE,
  'lib/deep/typed.ts': REQUIRE,
  'lib/made.gen.js': REQUIRE,
  'app/[id]/page.js': REQUIRE,
  'test files/t.js': `${REQUIRE}\r\nvar q = require('q')\r\n`,
  'node_modules/x/index.js': REQUIRE,
  'lib/node_modules/y/index.js': REQUIRE,
  'built/out.js': REQUIRE,
};

/** The project after the goal: every file changed that is JavaScript by its name and not ignored. */
export const DONE = {
  ...PROJECT,
  ...Object.fromEntries(
    ['.hidden/h.js', 'index.js', 'it\'s "odd" $HOME `id`.js', '-dash.js', 'lib/a.js', 'lib/deep/b.mjs'].map((path) => [
      path,
      CONST,
    ]),
  ),
  'app/[id]/page.js': CONST,
  'test files/t.js': `${CONST}\r\nconst q = require('q')\r\n`,
};

/** A folder with these files, removed when the test ends. */
export async function makeFolder(files: Record<string, string>): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'coxswain-offline-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await writeFile(join(dir, path), text);
  }
  return dir;
}

/** Every file's text by its path, with hidden files. */
export async function readFolder(dir: string): Promise<Record<string, string>> {
  const { stdout } = await execa('find', ['.', '-type', 'f', '-printf', '%P\\0'], { cwd: dir });
  const paths = stdout
    .split('\0')
    .filter((path) => path !== '')
    .toSorted();
  const texts = await Promise.all(
    paths.map(async (path) => (await execa('cat', ['--', path], { cwd: dir, stripFinalNewline: false })).stdout),
  );
  return Object.fromEntries(paths.map((path, index) => [path, texts[index] ?? '']));
}

/** The offline model's server, closed when the test ends. */
export async function startServer(): Promise<OfflineModel> {
  const server = await startOfflineModel();
  onTestFinished(() => server.close());
  return server;
}

export function openOffline({ url }: { url: string }): Model {
  return openModel({
    name: 'coxswain-offline',
    apiKey: 'none',
    baseUrl: url,
    prices: {},
    timeoutMs: 60_000,
    idleTimeoutMs: 60_000,
  });
}

export interface Told {
  /** Messages put into the conversation before the call of this number (0 is the first). */
  messages?: Record<number, string>;
  /** Results to use instead of running a call, by the call's number. */
  results?: Record<number, string>;
  /** A person's answer to each question. */
  answer?: string;
  /** Reasons for not accepting a finish; each is used once. */
  notConfirmed?: string[];
  /** Opens a new model for each call, as after a restart. */
  model?: () => Promise<Model>;
}

export interface Dialog {
  items: Item[];
  /** Commands that ran, in order. */
  commands: string[];
  questions: string[];
  said: string[];
  end: { tool: string; arguments: Record<string, unknown> };
  tokens: number;
}

/** Talks with the model until it finishes or declines. */
export async function converse(model: Model, dir: string, spec: Partial<AgentSpec>, told: Told = {}): Promise<Dialog> {
  const kind = spec.kind ?? 'work';
  const profile = kind === 'plan' ? 'plan' : 'work';
  const { instructions, items } = startConversation(
    { task: kind, title: 'T', instructions: 'I', paths: ['**'], checks: [], ...spec, kind } as AgentSpec,
    [{ path: 'AGENTS.md', text: 'Goal: be kind\n\nPaths:\n- nowhere/**' }],
  );
  const dialog: Dialog = { items, commands: [], questions: [], said: [], end: { tool: '', arguments: {} }, tokens: 0 };
  const doubts = [...(told.notConfirmed ?? [])];
  for (let number = 0; number < 60; number += 1) {
    const message = told.messages?.[number];
    if (message !== undefined) items.push({ kind: 'user', text: message });
    const current = told.model ? await told.model() : model;
    const answer = await current.call({ instructions, items, profile, cacheKey: 'k', maxOutputTokens: 1000 });
    items.push(...answer.items);
    dialog.tokens += answer.usage.inputTokens;
    dialog.said.push(...answer.items.flatMap((item) => (item.kind === 'assistant' ? [item.text] : [])));
    const calls = answer.items.filter((item) => item.kind === 'call');
    const [call] = calls;
    if (calls.length !== 1 || !call) throw new Error(`not one call: ${JSON.stringify(answer.items)}`);
    const check = checkToolCall(profile, call.tool, call.arguments);
    if (check.kind !== 'ok') throw new Error(check.kind === 'bad' ? check.problem : check.answer);
    const given = told.results?.[number];
    const respond = (output: string): number => items.push({ kind: 'result', callId: call.callId, output });
    if (given !== undefined) respond(given);
    else if (check.tool === 'shell') {
      dialog.commands.push(String(check.arguments['command']));
      respond(await runShell(String(check.arguments['command']), dir));
    } else if (check.tool === 'ask') {
      dialog.questions.push(String(check.arguments['question']));
      respond(`Answer from ann: ${told.answer ?? 'go on'}`);
    } else if (check.tool === 'finish' && doubts.length > 0) {
      respond(doubts.shift() ?? '');
    } else {
      dialog.end = { tool: check.tool, arguments: check.arguments };
      return dialog;
    }
  }
  throw new Error(`no end: ${JSON.stringify(items.slice(-4))}`);
}

/** A command's result in the form of an act. */
async function runShell(command: string, dir: string): Promise<string> {
  const { exitCode, all } = await execa('/bin/sh', ['-c', command], {
    cwd: dir,
    env,
    extendEnv: false,
    reject: false,
    all: true,
    stripFinalNewline: false,
  });
  return `exit status ${exitCode ?? 'none'}\n${all}`;
}

/** The plan that a planner handed in. */
export function planOf({ end }: Dialog): Plan {
  if (end.tool !== 'finish') throw new Error(`no plan but ${end.tool}: ${JSON.stringify(end.arguments)}`);
  return end.arguments['plan'] as Plan;
}

/** Plans a goal and works all of its tasks; returns the dialogs of the planner and of the workers. */
export async function refactor(
  model: Model,
  dir: string,
  goal: string,
  checks: string[] = [],
): Promise<{ plan: Plan; works: Dialog[] }> {
  const plan = planOf(await converse(model, dir, { kind: 'plan', goal, checks }));
  const works: Dialog[] = [];
  for (const task of plan.tasks) {
    works.push(
      await converse(model, dir, {
        goal,
        task: task.id,
        instructions: task.instructions,
        paths: task.paths,
        checks: task.checks,
      }),
    );
  }
  return { plan, works };
}
