/**
 * `cox run`: starts a refactor, and watches it.
 * Rule: a run belongs to Temporal; ending the command never ends it.
 */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import type { Command } from 'commander';
import { Option } from 'commander';
import { resultOf, startRefactor } from '../../client/refactors.ts';
import type { Config } from '../../config.ts';
import { readConfig } from '../../config.ts';
import { findSecretOf, readAddress } from '../../core/address.ts';
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
import { attach, checkSearchAttributes, StackError } from '../stack/open-stack.ts';
import { shellLine } from '../../core/text/shell-line.ts';
import { ownLine } from '../stack/own-line.ts';

interface RunOptions {
  id?: string;
  check: string[];
  setup?: string;
  base?: string;
  branch?: string;
  team?: string;
  campaign?: string;
  /** Hosts separated by commas, or all of the network. */
  networkForSetup?: string | boolean;
  detach?: boolean;
  signWith?: string;
}

const PRIVATE = 'private:';
const say = (line: string): void => console.log(line);

const CHECK = 'a command that checks the result: exit status 0 is green (may be repeated)';
const collect = (value: string, all: string[]): string[] => [...all, value];

export function addRun(program: Command, action: Action): void {
  const command = program
    .command('run')
    .description('start a refactor and watch it')
    .argument('<repository>', 'git URL, or a path on this machine')
    .argument('<goal>', 'what should be done')
    .addOption(new Option('--check <command>', CHECK).argParser(collect).default([], 'none'))
    .option('--setup <command>', 'prepares a fresh checkout, e.g. "npm ci"')
    .option(
      '--network-for-setup [hosts]',
      'hosts that the setup may reach, separated by commas (private:<host> for one in your own network); without a list, all public hosts',
    )
    .option('--base <ref>', 'branch, tag or commit to start from')
    .option('--branch <name>', 'branch to deliver')
    .option('--team <name>', "the team that the work is for; also Temporal's fairness key")
    .option('--campaign <name>', 'the campaign that it is a part of: lists and sums go by it')
    .option('--id <id>', 'workflow id')
    .option(
      '--sign-with <key>',
      'sign the start with this SSH key, where policy lets nobody approve what they asked for',
    )
    .option('--detach', 'start it, and do not watch it')
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

/** The configured or running stack, or a new one that ends with this command. */
async function openStack(config: Config): Promise<Stack> {
  const attached = await attach(config);
  if (!attached) {
    say(
      `No stack is running: this command starts one, and ends it again. To keep one running:  ${ownLine(config, ['up'])}`,
    );
    const { bringUp } = await import('../stack/bring-up.ts');
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
  const { check, setup, base, branch, team, campaign, networkForSetup } = options;
  return {
    repository: existsSync(repository) ? resolve(repository) : repository,
    goal,
    requestedBy: by,
    ...(check.length > 0 ? { checks: check } : {}),
    ...(setup ? { setup } : {}),
    ...(base ? { base } : {}),
    ...(branch ? { branch } : {}),
    ...(team ? { team } : {}),
    ...(campaign ? { campaign } : {}),
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

/** Leaves out the requester's name, which is only a claim: the requester is the owner of the key. */
async function signRequest(
  { namespace }: Stack,
  id: string,
  { requestedBy: _claim, ...input }: Record<string, unknown>,
  key: string,
): Promise<Record<string, unknown>> {
  return await signStart({ id, namespace }, input, key);
}

/** Notes on this machine that a person opened this network for the setup of this very start. */
async function sayNetworkOf({ stateDir }: Config, workflowId: string, input: Record<string, unknown>): Promise<void> {
  const read = readStart([input]);
  // The run refuses what does not fit, and says why.
  if (read.kind === 'bad' || !existsSync(stateDir)) return;
  const { repository, policy } = read.input;
  const network = policy?.network?.setup;
  if (network === undefined) return;
  await sayNetwork(stateDir, { workflowId, startDigest: digestStart(read.input), repository, network });
}

/** Why an address that is no folder here can't be a repository. Only a whole path may be one on a worker's machine. */
export function findAddressProblem(repository: string): string | undefined {
  const secret = findSecretOf(repository);
  if (secret !== undefined) return `the repository's address ${secret}`;
  const read = readAddress(repository);
  if (read.kind === 'bad' || read.address.kind === 'url' || isAbsolute(read.address.path)) return undefined;
  return `there is no folder ${resolve(repository)}: name a repository's folder, or its URL`;
}

async function run(config: Config, repository: string, goal: string, options: RunOptions): Promise<number> {
  // Before it is sent: the input of a start stays in the history, even if the start is refused.
  const problem = existsSync(repository) ? undefined : findAddressProblem(repository);
  if (problem !== undefined) throw new StackError(problem);
  const stack = await openStack(config);
  const interrupt = interrupted();
  try {
    const id = options.id ?? `cox-${randomBytes(4).toString('hex')}`;
    const { signWith, ...rest } = options;
    const wanted = startInput(repository, goal, rest, config.user);
    const input = signWith ? await signRequest(stack, id, wanted, signWith) : wanted;
    // Only a worker on this machine reads that note; others go by their own configuration.
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
        `\n${id} stays where it is. To let it go on:  ${ownLine(config, ['up'])}\nTo watch it:  ${ownLine(config, ['watch', id])}`,
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
  say('It runs by itself until it needs a decision. From any terminal:');
  say(`where it stands:  ${ownLine(config, ['status', id])}`);
  say(`watch it, and decide at its prompts:  ${ownLine(config, ['watch', id])}`);
  say(`approve its plan, once status shows it:  ${ownLine(config, ['approve', id, 'plan@1'])}`);
}

/** How to start the same by the plain temporal program; a signed start counts for its own id only. */
function sayByHand(config: Config, stack: Stack, id: string, input: object): void {
  const target = ['--task-queue', config.taskQueue, '--workflow-id', `${id}-again`, '--input', JSON.stringify(input)];
  const words = ['workflow', 'start', '--address', stack.address, '--type', 'refactor', ...target];
  say(`to start the same again by the temporal program:  ${shellLine([nameTemporal(config), ...words])}`);
}
