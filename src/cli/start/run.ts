/**
 * `cox run`, `cox up`, `cox worker` and `cox setup`: commands that start things and keep them.
 * Rule: a run belongs to Temporal; ending a command never ends it.
 */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { resultOf, startRefactor } from '../../client/refactors.ts';
import { scheduleJanitor } from '../../client/schedule-janitor.ts';
import type { Config } from '../../config.ts';
import { isServerAway } from '../../client/client-failure.ts';
import type { Connected } from '../../client/connect.ts';
import { connectClient } from '../../client/connect.ts';
import { untilReached } from '../../client/until-reached.ts';
import type { NetworkGrant } from '../../core/egress.ts';
import { findSecretOf } from '../../core/address.ts';
import { readStart } from '../../core/decisions/messages.ts';
import { digestStart } from '../../core/refactor/request.ts';
import { escapeForPeople } from '../../core/text/escape.ts';
import { sayNetwork } from '../../policy/said-network.ts';
import { describeNoCurrent, findCurrentBuild, untilListed } from '../../client/deployment.ts';
import {
  findMissingSearchAttributes,
  registerCommand,
  registerSearchAttributes,
} from '../../client/search-attributes.ts';
import type { RunningWorker } from '../../worker.ts';
import { startWorker } from '../../worker.ts';
import { nameTemporal } from '../../stack/find-temporal.ts';
import { askPerson } from '../person/ask-person.ts';
import { interrupted } from '../stack/interrupted.ts';
import { ownLine, shellLine } from '../stack/own-line.ts';
import { lookAtSeal } from '../operate/seal.ts';
import { signStart } from '../person/sign-decision.ts';
import type { Stack } from '../stack/open-stack.ts';
import { attach, bringUp, checkSearchAttributes, StackError } from '../stack/open-stack.ts';
import { supervise } from '../person/supervise.ts';

export interface RunOptions {
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

/** The offline model does it too. */
const GOAL_OF_EXAMPLE = 'replace `var $A = require($B)` with `const $A = require($B)`';
const PRIVATE = 'private:';
const say = (line: string): void => console.log(line);

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

export async function run(config: Config, repository: string, goal: string, options: RunOptions): Promise<number> {
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
    const supervision = { client: stack.client, id, by: config.user, say, ...decide, signal: interrupt.signal };
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

/** Keeps the embedded stack running until it is interrupted. */
export async function up(config: Config): Promise<number> {
  if (config.temporal) {
    throw new StackError(
      `Temporal at ${config.temporal.address} is configured: run "cox worker" there, or unset it for the embedded stack`,
    );
  }
  const interrupt = interrupted();
  const stack = await bringUp(config, say);
  try {
    await scheduleJanitor(stack.client, config.taskQueue);
    say(
      `Coxswain is up. Temporal ${stack.address} · UI ${stack.uiUrl ?? ''} · model ${stack.model} · state ${config.stateDir}`,
    );
    say('Start something from another terminal, in a git repository of yours:');
    say(`  ${ownLine(config, ['run', '.', GOAL_OF_EXAMPLE])}`);
    const why = await Promise.race([interrupt.happened, stack.ended]);
    if (why === undefined) return 0;
    console.error(why);
    return 1;
  } finally {
    interrupt.done();
    await stack.stop();
  }
}

/** Runs a worker against a configured Temporal until it is interrupted. */
export async function work(config: Config): Promise<number> {
  const { temporal, model } = config;
  if (!temporal)
    throw new StackError('no Temporal is configured: set TEMPORAL_ADDRESS (or a profile), or use "cox up"');
  if (!model.remote && config.roles.includes('model')) {
    throw new StackError(
      'no model is configured: set OPENAI_API_KEY or OPENAI_BASE_URL, and COXSWAIN_MODEL; or leave "model" out of COXSWAIN_ROLES',
    );
  }
  const interrupt = interrupted();
  const worker = await startListedWorker(config, temporal);
  await Promise.race([interrupt.happened, worker.ended]);
  interrupt.done();
  await worker.stop();
  return 0;
}

/** Starts a worker and says so once the server knows what it polls for, so that its version can be made current. */
async function startListedWorker(config: Config, temporal: NonNullable<Config['temporal']>): Promise<RunningWorker> {
  const { address, namespace, options } = temporal;
  const { version, taskQueue, roles, model } = config;
  const { connected, build } = await untilReached(
    async () => await reachTemporal(config, temporal),
    isServerAway,
    ({ message }, tries) => {
      if (tries === 1) say(`${message}; waiting for it`);
    },
  );
  const { connection } = connected;
  try {
    const worker = await startWorker(config, {
      address,
      namespace,
      connection: options,
      model: model.remote ?? { name: 'none', apiKey: 'none' },
      defaultRoots: [],
      say,
    });
    if (version && roles.includes('control')) await untilListed(connection, namespace, version, taskQueue);
    say(`working on ${taskQueue} (${roles.join(', ')}) at ${address}; isolation ${config.isolation}`);
    if (version && build === undefined) say(describeNoCurrent(version));
    return worker;
  } finally {
    await connected.close();
  }
}

/** Connects, and looks whether the server is set up; which build of the workers is current there. */
async function reachTemporal(
  { version }: Config,
  { address, namespace, options }: NonNullable<Config['temporal']>,
): Promise<{ connected: Connected; build: string | undefined }> {
  const connected = await connectClient({ address, namespace, connectionOptions: options });
  const { connection } = connected;
  try {
    const missing = await findMissingSearchAttributes(connection, namespace);
    if (missing.length > 0) {
      throw new StackError(
        `Temporal lacks the search attributes ${missing.map(({ name }) => name).join(', ')}: run "cox setup" once`,
      );
    }
    const build = version && (await findCurrentBuild(connection, namespace, version.deploymentName));
    return { connected, build };
  } catch (error) {
    await connected.close();
    throw error;
  }
}

/** Registers the search attributes and the janitor on a configured Temporal, or on the running embedded one. */
export async function setUp(config: Config): Promise<number> {
  const stack = await attach(config);
  if (!stack)
    throw new StackError(
      'nothing to set up: the embedded stack registers its search attributes itself; for another Temporal set TEMPORAL_ADDRESS',
    );
  try {
    const wrong = await registerSearchAttributes(stack.connection, stack.namespace);
    for (const attribute of wrong) {
      console.error(
        `${attribute.name} is there with another type; remove it, then: ${registerCommand(attribute, stack.namespace)}`,
      );
    }
    if (wrong.length === 0) say(`search attributes are registered at ${escapeForPeople(stack.address)}`);
    say(`the janitor runs every day: schedule ${await scheduleJanitor(stack.client, config.taskQueue)}`);
    const keys = await lookAtSeal(config);
    (keys.ok ? say : console.error)(`the workers' keys: ${escapeForPeople(keys.text)}`);
    return wrong.length === 0 && keys.ok ? 0 : 1;
  } finally {
    await stack.stop();
  }
}
