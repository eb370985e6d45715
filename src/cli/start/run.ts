/**
 * `cox run`: starts a refactor, and watches it.
 * Rule: a run belongs to Temporal; ending the command never ends it.
 */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { resultOf, startRefactor } from '../../client/refactors.ts';
import type { Config } from '../../config.ts';
import { readConfig } from '../../config.ts';
import { findSecretOf } from '../../core/address.ts';
import { readStart } from '../../core/decisions/messages.ts';
import type { NetworkGrant } from '../../core/egress.ts';
import { digestStart } from '../../core/refactor/request.ts';
import { escapeForPeople } from '../../core/text/escape.ts';
import { sayNetwork } from '../../policy/said-network.ts';
import { nameTemporal } from '../../stack/find-temporal.ts';
import type { Action } from '../command/action.ts';
import { addExample, GOAL_OF_EXAMPLE } from '../command/help.ts';
import { askPerson } from '../person/ask-person.ts';
import { signStart } from '../person/sign-decision.ts';
import { supervise } from '../person/supervise.ts';
import { interrupted } from '../stack/interrupted.ts';
import type { Stack } from '../stack/open-stack.ts';
import { attach, bringUp, checkSearchAttributes, StackError } from '../stack/open-stack.ts';
import { ownLine, shellLine } from '../stack/own-line.ts';

interface RunOptions {
  id?: string;
  check: string[];
  setup?: string;
  base?: string;
  branch?: string;
  team?: string;
  /** Hosts separated by commas, or all of the network. */
  networkForSetup?: string | boolean;
  detach?: boolean;
  signWith?: string;
}

const PRIVATE = 'private:';
const say = (line: string): void => console.log(line);

const collect = (value: string, all: string[]): string[] => [...all, value];

export function addRun(program: Command, action: Action): void {
  const command = program
    .command('run')
    .description('start a refactor and watch it')
    .argument('<repository>', 'git URL, or a path on this machine')
    .argument('<goal>', 'what should be done')
    .option('--check <command>', 'a command that judges the result (repeat for more)', collect, [])
    .option('--setup <command>', 'prepares a fresh checkout, e.g. "npm ci"')
    .option(
      '--network-for-setup [hosts]',
      'let the setup reach these hosts (separated by commas; private:<host> where it is in your own network), or all public ones',
    )
    .option('--base <ref>', 'branch, tag or commit to start from')
    .option('--branch <name>', 'branch to deliver')
    .option('--team <name>', 'whose work this is; also the fairness key')
    .option('--id <id>', 'workflow id')
    .option('--sign-with <key>', 'sign the start as who requests it, where policy denies approving what one asked for')
    .option('--detach', 'start it and leave')
    .action(
      action(
        async (repository: string, goal: string, options: RunOptions) =>
          await run(readConfig(), repository, goal, options),
      ),
    );
  const input = { repository: '/srv/git/app', goal: GOAL_OF_EXAMPLE, checks: ['npm test'] };
  const named = ['--type', 'refactor', '--task-queue', 'coxswain', '--workflow-id', 'demo-2'];
  addExample(
    command,
    ['.', input.goal, '--check', 'npm test', '--id', 'demo-2'],
    [['temporal', 'workflow', 'start', ...named, '--input', JSON.stringify(input)]],
  );
}

/** The stack that is there, or one for as long as this command lives. */
async function openStack(config: Config): Promise<Stack> {
  const attached = await attach(config);
  if (!attached) {
    say(
      `No stack runs: bringing one up for as long as this command lives. One that stays:  ${ownLine(config, ['up'])}`,
    );
    return await bringUp(config, say);
  }
  await checkSearchAttributes(attached);
  return attached;
}

/** The input of a start, from the command line's words; a path becomes absolute, since a worker reads it. */
function startInput(
  repository: string,
  goal: string,
  options: RunOptions,
  by: string,
): Record<string, unknown> & { repository: string } {
  const { check, setup, base, branch, team, networkForSetup } = options;
  return {
    repository: existsSync(repository) ? resolve(repository) : repository,
    goal,
    requestedBy: by,
    ...(check.length > 0 ? { checks: check } : {}),
    ...(setup ? { setup } : {}),
    ...(base ? { base } : {}),
    ...(branch ? { branch } : {}),
    ...(team ? { team } : {}),
    ...(networkForSetup ? { policy: { network: { setup: readGrant(networkForSetup) } } } : {}),
  };
}

/** A host after `private:` may be in a private network, as a company's own registry is. */
export function readGrant(words: string | boolean): NetworkGrant {
  if (typeof words !== 'string') return words;
  const all = words.split(',').map((host) => host.trim());
  const hidden = all.filter((host) => host.startsWith(PRIVATE)).map((host) => host.slice(PRIVATE.length).trim());
  return { hosts: all.filter((host) => !host.startsWith(PRIVATE)), ...(hidden.length > 0 ? { private: hidden } : {}) };
}

/** Its requester is whose key signs: the name on this machine is a claim, which the key need not have. */
async function signRequest(
  { namespace }: Stack,
  id: string,
  { requestedBy: _claim, ...input }: Record<string, unknown>,
  key: string,
): Promise<Record<string, unknown>> {
  return await signStart({ id, namespace }, input, key);
}

/** Notes for this start, as the run will read it, that a person wants its setup to have this network. */
async function sayNetworkOf({ stateDir }: Config, workflowId: string, input: Record<string, unknown>): Promise<void> {
  const read = readStart([input]);
  // What does not fit is the run's to refuse, in its words.
  if (read.kind === 'bad' || !existsSync(stateDir)) return;
  const { repository, policy } = read.input;
  const network = policy?.network?.setup;
  if (network === undefined) return;
  await sayNetwork(stateDir, { workflowId, startDigest: digestStart(read.input), repository, network });
}

async function run(config: Config, repository: string, goal: string, options: RunOptions): Promise<number> {
  // Before it is sent: what a start was sent with stays in the history, also where it is refused.
  const problem = existsSync(repository) ? undefined : findSecretOf(repository);
  if (problem !== undefined) throw new StackError(`the repository's address ${problem}`);
  const stack = await openStack(config);
  const interrupt = interrupted();
  try {
    const id = options.id ?? `cox-${randomBytes(4).toString('hex')}`;
    const { signWith, ...rest } = options;
    const wanted = startInput(repository, goal, rest, config.user);
    const input = signWith ? await signRequest(stack, id, wanted, signWith) : wanted;
    // A worker on this machine sees that a person said so here; another one goes by its own configuration.
    await sayNetworkOf(config, id, input);
    await startRefactor(stack.client, { id, taskQueue: config.taskQueue, input });
    say(
      `started ${id}${stack.uiUrl ? `, to be seen at ${stack.uiUrl}/namespaces/${stack.namespace}/workflows/${id}` : ''}`,
    );
    if (!signWith) sayByHand(config, stack, id, input);
    if (options.detach && !stack.own) {
      sayNext(config, id);
      return 0;
    }
    const decide = process.stdin.isTTY ? { decide: askPerson } : {};
    const supervision = {
      client: stack.client,
      id,
      by: config.user,
      say,
      hub: config,
      ...decide,
      signal: interrupt.signal,
    };
    const status = await Promise.race([
      supervise(supervision),
      stack.ended.then((why) => Promise.reject(new StackError(why))),
    ]);
    if (!status) {
      say(
        `\n${id} is kept where it stands. Go on with it:  ${ownLine(config, ['up'])}\nWatch it:  ${ownLine(config, ['watch', id])}`,
      );
      return 130;
    }
    const { report } = await resultOf(stack.client, id);
    say(`\n${escapeForPeople(report)}`);
    return 0;
  } finally {
    interrupt.done();
    await stack.stop();
  }
}

/** What to type next about a run that goes on without this command. */
function sayNext(config: Config, id: string): void {
  say('It goes on by itself, until it asks. From any terminal:');
  say(`where it stands:  ${ownLine(config, ['status', id])}`);
  say(`follow it, and be asked what it asks:  ${ownLine(config, ['watch', id])}`);
  say(`approve its plan, once status shows it:  ${ownLine(config, ['approve', id, 'plan@1'])}`);
}

/** How to start the same without this program; a signed start is good for its own id only. */
function sayByHand(config: Config, stack: Stack, id: string, input: object): void {
  const target = ['--task-queue', config.taskQueue, '--workflow-id', `${id}-again`, '--input', JSON.stringify(input)];
  const words = ['workflow', 'start', '--address', stack.address, '--type', 'refactor', ...target];
  say(`the same once more by hand:  ${shellLine([nameTemporal(config), ...words])}`);
}
