/**
 * `cox demo`: the main job on the sample repository, on a stack of its own, with everything that it does said.
 * Rule: all parts are real. Only the person who decides may be the demo itself, and then it says so.
 */
import { cp, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { execa } from 'execa';
import { resultOf, startRefactor } from '../../client/refactors.ts';
import type { Config } from '../../config.ts';
import { readConfig } from '../../config.ts';
import { escapeForPeople as safe } from '../../core/text/escape.ts';
import { nameTemporal } from '../../stack/find-temporal.ts';
import { refactorQueries, updates } from '../../workflows/messages.ts';
import type { Action } from '../command/action.ts';
import { addExample, EXAMPLE_ID } from '../command/help.ts';
import type { Decide } from '../person/ask-person.ts';
import { askPerson } from '../person/ask-person.ts';
import { interrupted } from '../stack/interrupted.ts';
import { shellLine } from '../../core/text/shell-line.ts';
import { ownLine } from '../stack/own-line.ts';
import type { Stack } from '../stack/open-stack.ts';
import { attach, StackError } from '../stack/open-stack.ts';
import { supervise } from '../person/supervise.ts';

const GOAL = 'replace `var $A = require($B)` with `const $A = require($B)` in javascript';
const CHECK = 'node --test';
const say = (line: string): void => console.log(line);

export function addDemo(program: Command, action: Action): void {
  const command = program
    .command('demo')
    .description('refactor the sample repository on an embedded stack')
    .action(action(async () => await demo(readConfig())));
  addExample(command, []);
}

async function demo(config: Config): Promise<number> {
  // A state folder of its own, apart from the runs of a stack that is in use.
  const own: Config = { ...config, stateDir: join(config.stateDir, 'demo'), temporal: undefined };
  own.hub = join(own.stateDir, 'hub', '{repository}.git');
  const running = await attach(own);
  if (running) {
    await running.stop();
    throw new StackError(`a demo already runs from ${own.stateDir}, at ${running.address}: end it first`);
  }
  await rm(own.stateDir, { recursive: true, force: true });
  const repository = await makeSample(join(own.stateDir, 'sample'));
  const interrupt = interrupted();
  say('Starting a Temporal development server, a worker and a model …');
  const { bringUp } = await import('../stack/bring-up.ts');
  const stack = await bringUp(own, say);
  try {
    say(
      `Temporal UI: ${stack.uiUrl ?? ''}   server: ${stack.address}   model: ${stack.model}   isolation: ${own.isolation}`,
    );
    const id = EXAMPLE_ID;
    const input = { repository, goal: GOAL, checks: [CHECK], requestedBy: own.user };
    await startRefactor(stack.client, { id, taskQueue: own.taskQueue, input });
    say(`\nGoal: ${GOAL}\nRepository: ${repository}\nStarted ${id}. From another terminal, while this runs:`);
    for (const line of byHand(stack, own, id, input)) say(`  ${line}`);
    say('');
    const decide = process.stdin.isTTY ? askPerson : approveAsDemo;
    const status = await supervise({
      client: stack.client,
      id,
      by: process.stdin.isTTY ? own.user : 'the demo',
      say,
      hub: own,
      decide,
      signal: interrupt.signal,
    });
    if (!status) return 130;
    const result = await resultOf(stack.client, id);
    say(`\nDelivered branch ${result.branch} at ${result.commit?.slice(0, 10) ?? ''} into ${repository}\n`);
    say(safe(result.report));
    say(`Look at it:  git -C ${shellLine([repository])} log --stat main..${result.branch}`);
    say(`Bring its stack up again, with this run:  ${ownLine(own, ['up'])}`);
    return 0;
  } finally {
    interrupt.done();
    await stack.stop();
  }
}

const approveAsDemo: Decide = async (need) => {
  if (need.kind === 'question') return undefined;
  say('  there is no terminal to ask at: the demo approves by itself');
  return await Promise.resolve({ update: updates.approve });
};

/** Lines that run as printed, in any folder. A decision has to be open first; it is printed only if a person decides. */
function byHand(stack: Stack, config: Config, id: string, input: { repository: string }): string[] {
  const temporal = (...words: string[]): string =>
    shellLine([nameTemporal(config), 'workflow', ...words, '--address', stack.address]);
  const cox = (...words: string[]): string => ownLine(config, words);
  const approvals = [
    temporal(
      'update',
      'execute',
      '--workflow-id',
      id,
      '--name',
      updates.approve.name,
      '--input',
      '{"decision": "plan@1"}',
    ),
    cox('approve', id, 'delivery@1'),
  ];
  const again = ['--task-queue', config.taskQueue, '--workflow-id', 'demo-2', '--input', JSON.stringify(input)];
  return [
    temporal('query', '--workflow-id', id, '--type', refactorQueries.status.name),
    cox('status', id),
    cox('steer', id, 'skip examples/**'),
    cox('pause', id),
    cox('resume', id),
    ...(process.stdin.isTTY ? approvals : []),
    temporal('start', '--type', 'refactor', ...again),
    cox('run', input.repository, GOAL, '--check', CHECK, '--id', 'demo-3', '--detach'),
  ];
}

/** The sample as a fresh git repository. */
async function makeSample(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  await cp(fileURLToPath(new URL('../../../demo/sample', import.meta.url)), folder, { recursive: true });
  const env = {
    GIT_AUTHOR_NAME: 'Demo',
    GIT_AUTHOR_EMAIL: 'demo@localhost',
    GIT_COMMITTER_NAME: 'Demo',
    GIT_COMMITTER_EMAIL: 'demo@localhost',
  };
  const git = async (...args: string[]): Promise<unknown> => await execa('git', args, { cwd: folder, env });
  await git('init', '--quiet', '--initial-branch=main');
  await git('add', '--all');
  await git('commit', '--quiet', '--message', 'Add the sample library');
  return folder;
}
