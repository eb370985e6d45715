/**
 * `cox worker`: runs a worker for a configured Temporal.
 * Rule: it waits for a server that is away, and ends its commands in order.
 */
import type { Command } from 'commander';
import { isServerAway } from '../../client/client-failure.ts';
import type { Connected } from '../../client/connect.ts';
import { connectClient } from '../../client/connect.ts';
import { describeNoCurrent, findCurrentBuild, untilListed } from '../../client/deployment.ts';
import { findMissingSearchAttributes } from '../../client/search-attributes.ts';
import { untilReached } from '../../client/until-reached.ts';
import type { Config } from '../../config.ts';
import { readConfig } from '../../config.ts';
import type { RunningWorker } from '../../worker.ts';
import type { Action } from '../command/action.ts';
import { addExample } from '../command/help.ts';
import { interrupted } from '../stack/interrupted.ts';
import { StackError } from '../stack/open-stack.ts';

const say = (line: string): void => console.log(line);

export function addWorker(program: Command, action: Action): void {
  const command = program
    .command('worker')
    .description('work for your own Temporal (`TEMPORAL_ADDRESS` or a profile)')
    .action(action(async () => await work(readConfig())));
  addExample(command, []);
}

/** Runs a worker against a configured Temporal until it is interrupted. */
async function work(config: Config): Promise<number> {
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
    const { quietRuntime, startWorker } = await import('../../worker.ts');
    quietRuntime();
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
