/**
 * `npm run bench:escape`: tries every attack and every piece of daily work with every runner, in one run.
 * Rule: peers are prepared as their documentation says, their configuration is printed, and the result has everything
 * that was run. Flags: `--only <name>` and `--runner <name>`, both repeatable; only a run without them is written to
 * `bench/results/`. `--jobs <n>` runs this many trials at one time, 1 if left out.
 */
import { readFileSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { homedir, release } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { RunnerName } from './attack.ts';
import { compare, contestOf } from './compare.ts';
import type { Contest } from './compare.ts';
import { findToolchains } from './find-toolchains.ts';
import { makeTrialsFolder } from './host.ts';
import { installPeers } from './install-peers.ts';
import { loadAttacks, loadDailyWork } from './load.ts';
import { RUNNERS } from './runner.ts';
import type { Prepared } from './runner.ts';
import { prepareCodex } from './runners/codex.ts';
import { prepareCoxswain } from './runners/coxswain.ts';
import { prepareNone } from './runners/none.ts';
import { prepareSandboxRuntime } from './runners/sandbox-runtime.ts';
import { cellText, markdownTables, summary } from './table.ts';
import type { Row } from './table.ts';

const RESULTS = fileURLToPath(new URL('../results/', import.meta.url));
/** Areas whose attacks load or measure the machine: they run one at a time, after all others. */
const LOUD = ['resources', 'output', 'processes', 'kernel'];
const PROJECT = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    runner: { type: 'string', multiple: true },
    jobs: { type: 'string', default: '1' },
  },
});
const cacheDir = join(homedir(), '.cache', 'coxswain', 'bench');
await mkdir(cacheDir, { recursive: true });
const trials = await makeTrialsFolder(join(cacheDir, 't'));
const runners = RUNNERS.filter((name) => values.runner?.includes(name) ?? true);
if (runners.length === 0) throw new Error(`no such runner: there are ${RUNNERS.join(', ')}`);
const prepared = await prepareAll();
for (const runner of runners) console.log(`${runner}: ${describe(prepared[runner])}`);

if (runners.includes('coxswain') && prepared.coxswain.kind === 'absent') {
  throw new Error(`there is nothing to compare: ${prepared.coxswain.why}`);
}

const contests = (await listContests()).filter(({ name }) => values.only?.includes(name) ?? true);
if (contests.length === 0) throw new Error('nothing has that name');
const entries = contests.map((contest) => ({ contest, row: { ...contest, cells: {} } as Row }));
const rows = entries.map(({ row }) => row);
const quiet = entries.filter(({ contest }) => !LOUD.includes(contest.area));
await Promise.all(Array.from({ length: Number(values.jobs) }, async () => await runAll(quiet)));
await runAll(entries.filter(({ contest }) => LOUD.includes(contest.area)));
console.log(`\n${markdownTables(rows, runners)}`);
console.log(summary(rows, runners));
await rm(trials, { recursive: true, force: true });
// Only a whole table is a result.
if (values.only === undefined && values.runner === undefined) {
  await mkdir(RESULTS, { recursive: true });
  await writeFile(join(RESULTS, 'escape.md'), report());
  console.log('written to bench/results/escape.md');
}

/** Runs contests from the queue until it is empty; each contest runs with one runner after another. */
async function runAll(queue: { contest: Contest; row: Row }[]): Promise<void> {
  for (let entry = queue.shift(); entry; entry = queue.shift()) {
    const { contest, row } = entry;
    for (const runner of runners) {
      const startedAt = performance.now();
      row.cells[runner] = await compare(contest, runner, prepared[runner], trials);
      const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
      console.log(`${row.section} ${row.name} · ${runner}: ${cellText(row, row.cells[runner])} [${seconds} s]`);
    }
  }
}

async function prepareAll(): Promise<Record<RunnerName, Prepared>> {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  const toolchains = findToolchains();
  const ours = await prepareCoxswain(cacheDir, (JSON.parse(manifest) as { version: string }).version, toolchains);
  const bubblewrap = ours.kind === 'ready' ? ours.settings['bubblewrap'] : undefined;
  const peers = await installPeers(cacheDir, bubblewrap);
  const path = [...toolchains.map((folder) => join(folder, 'bin')), process.env['PATH'] ?? '/usr/bin:/bin'].join(':');
  const here = (one: Prepared): Prepared => (one.kind === 'absent' ? one : { path, ...one });
  const peer = async (prepare: (modules: string, bin: string) => Promise<Prepared> | Prepared): Promise<Prepared> =>
    peers.kind === 'absent' ? peers : here(await prepare(peers.modules, peers.bin));
  return {
    coxswain: here(ours),
    codex: await peer((modules) => prepareCodex(modules)),
    'codex-strict': await peer((modules) => prepareCodex(modules, toolchains)),
    'sandbox-runtime': await peer((modules, bin) => prepareSandboxRuntime(modules, `${bin}:${path}`, false)),
    'sandbox-runtime-strict': await peer((modules, bin) => prepareSandboxRuntime(modules, `${bin}:${path}`, true)),
    none: here(prepareNone(bubblewrap)),
  };
}

async function listContests(): Promise<Contest[]> {
  const attacks = (await loadAttacks()).map(contestOf);
  const works = (await loadDailyWork()).map(
    (work): Contest => ({
      section: 'daily work',
      area: work.area,
      name: work.name,
      about: work.does,
      job: work,
      isGood: async (_host, outcome) => work.works(outcome),
    }),
  );
  return [...attacks, ...works].toSorted((a, b) => order(a) - order(b));
}

function order({ section }: Contest): number {
  return ['attack', 'blind attack', 'daily work'].indexOf(section);
}

function describe(one: Prepared): string {
  return one.kind === 'absent' ? `absent: ${one.why}` : `${one.version} ${one.configuration}`.trim();
}

function report(): string {
  const user = process.getuid?.() === 0 ? 'root' : 'a user other than root';
  const facts = [
    '# Escape bench',
    '',
    'Made by `npm run bench:escape`; see `bench/escape/README.md` for what is compared and how a cell is judged.',
    '',
    `- ${new Date().toISOString().slice(0, 10)}, Linux ${release()} ${process.arch}, Node ${process.version}, run by ${user}`,
    ...runners.map((runner) => `- **${runner}**: ${describe(prepared[runner])}`),
    '',
  ];
  const text = `${facts.join('\n')}\n${summary(rows, runners)}\n\n${markdownTables(rows, runners)}`;
  // Readers are on other machines, so paths of this machine are replaced.
  return text.replaceAll(PROJECT, '.').replaceAll(homedir(), '~');
}
