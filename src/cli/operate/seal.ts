/**
 * `cox seal`: the keys by which workers know each other: shown, made, given a new one, claimed for a namespace.
 * Rule: a secret is never printed.
 */
import { stat } from 'node:fs/promises';
import type { Command } from 'commander';
import { claimRecord, readRecord } from '../../client/seal-record.ts';
import type { Config } from '../../config.ts';
import { readConfig } from '../../config.ts';
import { addKey, ensureKeyFile, readKeyFile, SealError } from '../../seal/key-file.ts';
import type { Action } from '../command/action.ts';
import { addExample } from '../command/help.ts';
import { attach, withStack } from '../stack/open-stack.ts';

/** Workers read the file every few seconds: after this long, all that share it know the new key. */
const DEFAULT_DELAY_SECONDS = 60;

export function addSeal(program: Command, action: Action): void {
  const seal = program.command('seal').description('the keys by which workers recognise each other');
  const shown = seal
    .command('show')
    .description('which file, which keys, since when')
    .action(action(async () => await Promise.resolve(show(readConfig()))));
  addExample(shown, []);
  const made = seal
    .command('new')
    .description('make the file that `COXSWAIN_SEAL` names, for all workers of a team')
    .action(action(async () => await make(readConfig())));
  addExample(made, []);
  const rotated = seal
    .command('rotate')
    .description('add a key that seals from a given moment on; what the others sealed still counts')
    .option(
      '--in <seconds>',
      'when the new key begins to seal; all workers need the file by then',
      String(DEFAULT_DELAY_SECONDS),
    )
    .action(action(async (options: { in: string }) => await rotate(readConfig(), Number(options.in))));
  addExample(rotated, ['--in', '3600']);
  const claimed = seal
    .command('claim')
    .description('say that these keys are the right ones for the namespace; workers with others are refused')
    .action(action(claim));
  addExample(claimed, []);
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

/** For `cox doctor` and `cox setup`: does the file exist, can other users read it, do other workers have its keys? */
export async function lookAtSeal(config: Config): Promise<{ ok: boolean; text: string }> {
  const { file, isMade } = config.seal;
  const stats = await stat(file).catch(() => undefined);
  if (!stats && isMade) return { ok: true, text: `${file} is made at the first start of a worker` };
  const ids = readKeyFile(file).keys.map(({ id }) => id);
  const stack = await attach(config);
  const recorded = stack && (await readRecord(stack.client, config.taskQueue).finally(() => stack.stop()));
  if (recorded?.length && !ids.some((id) => recorded.includes(id)))
    return {
      ok: false,
      text: `${file} has ${ids.join()}, and the workers there have ${recorded.join()}: copy their file`,
    };
  const isOpen = ((stats?.mode ?? 0) & 0o077) !== 0;
  const open = isOpen
    ? '; other users of this host can read it: run chmod 600 on it, unless you are its only user'
    : '';
  return { ok: true, text: `${file}, key ${ids.join()}${open}` };
}

async function make({ seal: { file } }: Config): Promise<number> {
  if (!(await ensureKeyFile(file)))
    throw new SealError(`${file} is there already: to add a key, use "cox seal rotate"`);
  console.log(`${file} is made. Copy it to each machine with a worker, readable by that worker only, and set`);
  console.log('COXSWAIN_SEAL to it there. Who has this file can speak as a worker: keep it like a password.');
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
