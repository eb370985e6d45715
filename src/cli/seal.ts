/**
 * `cox seal`: the keys by which workers know each other: shown, made, given a new one, claimed for a namespace.
 * Rule: a secret is never printed.
 */
import type { Command } from 'commander';
import { claimRecord } from '../client/seal-record.ts';
import type { Config } from '../config.ts';
import { readConfig } from '../config.ts';
import { addKey, ensureKeyFile, readKeyFile, SealError } from '../seal/key-file.ts';
import type { Action } from './stack.ts';
import { withStack } from './stack.ts';

/** Workers look at the file every few seconds: after this long all that share it know the new key. */
const DEFAULT_DELAY_SECONDS = 60;

/** Adds the commands under `cox seal`. */
export function sealCommands(program: Command, action: Action): void {
  const seal = program.command('seal').description('the keys by which workers know each other');
  seal
    .command('show')
    .description('which file, which keys, since when')
    .action(action(async () => await Promise.resolve(show(readConfig()))));
  seal
    .command('new')
    .description('make the file that COXSWAIN_SEAL names, for all workers of a team')
    .action(action(async () => await make(readConfig())));
  seal
    .command('rotate')
    .description('add a key that seals from a moment on; what the others sealed goes on to count')
    .option(
      '--in <seconds>',
      'when it begins to seal: by then all workers need the file',
      String(DEFAULT_DELAY_SECONDS),
    )
    .action(action(async (options: { in: string }) => await rotate(readConfig(), Number(options.in))));
  seal
    .command('claim')
    .description('say that these keys are the right ones for the namespace: newcomers with others are refused')
    .action(action(claim));
}

function show({ seal: { file } }: Config): number {
  const { since, keys } = readKeyFile(file);
  console.log(`${file}: sealing since ${new Date(since).toISOString()}`);
  const sealing = keys.find(({ from = 0 }) => from <= Date.now()) ?? keys.at(-1);
  for (const key of keys) {
    const { id, from = since } = key;
    const does = key === sealing ? 'seals and verifies' : from > Date.now() ? 'verifies, and will seal' : 'verifies';
    console.log(`${id}  ${does}, from ${new Date(from).toISOString()}`);
  }
  return 0;
}

async function make({ seal: { file } }: Config): Promise<number> {
  if (!(await ensureKeyFile(file)))
    throw new SealError(`${file} is there already: to add a key, use "cox seal rotate"`);
  console.log(`${file} is made. Copy it to each machine with a worker, readable by that worker only, and set`);
  console.log('COXSWAIN_SEAL to it there. Whoever has it can speak as a worker: keep it as you keep passwords.');
  return 0;
}

async function rotate({ seal: { file } }: Config, seconds: number): Promise<number> {
  if (!Number.isFinite(seconds) || seconds < 0) throw new SealError('--in takes seconds, e.g. --in 3600');
  const { keys } = await addKey(file, Date.now() + seconds * 1000);
  console.log(`${keys[0]?.id} seals in ${seconds} s. Workers with this very file find it by themselves; copies of the`);
  console.log('file have to be replaced before that. Remove an old key only when no run is open that it sealed for.');
  return 0;
}

async function claim(): Promise<number> {
  return await withStack(async ({ client, namespace }, config) => {
    const ids = readKeyFile(config.seal.file).keys.map(({ id }) => id);
    await claimRecord(client, config.taskQueue, ids);
    console.log(`${namespace}, queue ${config.taskQueue}: the workers' keys are ${ids.join(', ')}`);
    return 0;
  });
}
