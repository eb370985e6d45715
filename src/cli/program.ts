/**
 * The program `cox`: every command with its options.
 * Rule: importing it runs nothing, so that tests and docs can read which commands there are.
 */
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { demo } from './start/demo.ts';
import { doctor } from './operate/doctor.ts';
import { messageCommands } from './steer/messages.ts';
import { accountCommands } from './policy/account.ts';
import { reviewCommands } from './watch/review.ts';
import type { RunOptions } from './start/run.ts';
import { run, setUp, up, work } from './start/run.ts';
import { sealCommands } from './operate/seal.ts';
import { StackError } from './stack/open-stack.ts';
import { ClientFailure } from '../client/client-failure.ts';
import { refuseRepeats } from './refuse-repeats.ts';
import { readConfig } from '../config.ts';
import { escapeForPeople } from '../core/text/escape.ts';
import { quietRuntime } from '../worker.ts';

const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

/** Runs a command to its exit status; an error is one sentence, its stack only with `--verbose`. */
function action<A extends unknown[]>(body: (...args: A) => Promise<number>): (...args: A) => Promise<void> {
  return async (...args) => {
    try {
      process.exitCode = await body(...args);
    } catch (error) {
      const verbose = program.opts<{ verbose?: boolean }>().verbose === true;
      console.error(`cox: ${escapeForPeople(wordsOf(error))}`);
      if (verbose) console.error(error);
      process.exitCode = 1;
    }
  };
}

/** Our own errors speak for people; of others, Temporal's wrap what a workflow said, innermost. */
function wordsOf(error: unknown): string {
  if (error instanceof StackError || error instanceof ClientFailure) return error.message;
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? wordsOf(error.cause) : error.message;
}

const collect = (value: string, all: string[]): string[] => [...all, value];

export const program = new Command('cox')
  .version(manifest.version)
  .description('Durable, supervised refactors by AI coding agents, as Temporal workflows.')
  .option('--verbose', 'show the whole of an error')
  .hook('preAction', () => quietRuntime());

program
  .command('demo')
  .description('refactor the sample repository on an embedded stack')
  .action(action(async () => await demo(readConfig())));
program
  .command('up')
  .description('keep the embedded stack running')
  .action(action(async () => await up(readConfig())));
program
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
program
  .command('worker')
  .description('work for a configured Temporal (TEMPORAL_ADDRESS or a profile)')
  .action(action(async () => await work(readConfig())));
program
  .command('setup')
  .description('register the search attributes and the janitor on a configured Temporal')
  .action(action(async () => await setUp(readConfig())));
program
  .command('doctor')
  .description('say what this machine lacks, and what to do')
  .action(action(async () => await doctor(readConfig())));
messageCommands(program, action);
reviewCommands(program, action);
accountCommands(program, action);
sealCommands(program, action);

refuseRepeats(program);
