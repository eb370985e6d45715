/**
 * `npm run chaos -- --kills N --seed S`: kills, freezes and drains workers and kills the Temporal server in the middle
 * of their work, and reports whether any promise broke.
 * Rule: the exit status is 1 if a promise broke. Flags: `--seeds 1,2,3` runs several, `--kills` for each; `--write`
 * writes bench/results/chaos.md; `--keep` keeps the folders.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { findTemporal } from '../../src/stack/find-temporal.ts';
import { quietRuntime } from '../../src/worker.ts';
import type { ChaosResult } from './chaos.ts';
import { runChaos } from './chaos.ts';
import { countBroken, renderReport, renderTable } from './report.ts';

const RESULTS = fileURLToPath(new URL('../results/', import.meta.url));

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    seeds: { type: 'string' },
    'per-refactor': { type: 'string', default: '10' },
    keep: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
});

const number = (text: string, name: string): number => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) throw new Error(`--${name} takes a whole number, not "${text}"`);
  return value;
};

// The fleet's process groups survive if a signal just kills this process; only an orderly exit ends them.
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(name, () => {
    console.error(`ended by ${name}`);
    process.exit(130);
  });
}
quietRuntime();
const { PATH: searchPath = '', XDG_CACHE_HOME: cacheHome } = process.env;
const cacheDir = join(cacheHome || join(homedir(), '.cache'), 'coxswain');
const temporal = await findTemporal({ cacheDir, searchPath, onProgress: (message) => console.log(message) });
if (temporal.kind === 'missing') throw new Error(temporal.remedy);
const say = (line: string): void => console.log(`${new Date().toISOString().slice(11, 19)} ${line}`);

const results: ChaosResult[] = [];
for (const seed of (values.seeds ?? values.seed).split(',')) {
  const options = {
    kills: number(values.kills, 'kills'),
    seed: number(seed, 'seed'),
    mostPerRefactor: number(values['per-refactor'], 'per-refactor'),
    keep: values.keep,
  };
  say(`seed ${options.seed}: ${options.kills} disturbances`);
  results.push(await runChaos({ ...options, temporalPath: temporal.path, say }));
  console.log(`\n${renderTable(results)}\n`);
  if (!values.write) continue;
  await mkdir(RESULTS, { recursive: true });
  await writeFile(join(RESULTS, 'chaos.md'), renderReport(results));
}
process.exit(countBroken(results) === 0 ? 0 : 1);
