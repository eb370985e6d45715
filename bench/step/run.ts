/**
 * `npm run bench:step`: a step's time and CPU beside a bare pair of activities on the same server, with objects and
 * refs in our process and by git's programs in turn.
 * Rule: all figures come from rounds of one run, and the server, the worker and the model are the same for both.
 * Flags: `--rounds <n>`, `--steps <n>`; fewer than 3 rounds write no result.
 */
import type { ChildProcess } from 'node:child_process';
import { fork } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, homedir, loadavg, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { connectClient } from '../../src/client/connect.ts';
import { readConfig } from '../../src/config.ts';
import { openHubStore } from '../../src/git/remote/hub-store.ts';
import type { ResponsesServer } from '../../src/offline/server/responses-server.ts';
import { startResponsesServer } from '../../src/offline/server/responses-server.ts';
import { findTemporal } from '../../src/stack/find-temporal.ts';
import { startTemporalServer } from '../../src/stack/start-temporal-server.ts';
import { refactorQueries, updates } from '../../src/workflows/messages.ts';
import { git } from '../cost/repository.ts';
import { cpuOf } from './cpu.ts';
import type { WorkerRequest } from './worker.ts';

const MIN_ROUNDS = 3;
const RESULT = fileURLToPath(new URL('../results/step.md', import.meta.url));
/** Steps at the start that are not measured: code is compiled, caches fill. */
const WARM_UP_STEPS = 4;
/** Rarely, or the bench itself would be load. */
const POLL_MS = 500;

const WAYS = ['a bare pair', 'in our process', 'by git’s programs'] as const;
type Way = (typeof WAYS)[number];

/** What one turn of one way took, for each of its steps. */
interface Measured {
  stepMs: number;
  workerMs: number;
  serverMs: number;
}

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '3' }, steps: { type: 'string', default: '25' } },
});
const [rounds, steps] = [Number(values.rounds), Number(values.steps)];
const folder = mkdtempSync(join(tmpdir(), 'coxswain-step-'));
const children: ChildProcess[] = [];
const closing: (() => Promise<unknown>)[] = [];
try {
  const measured = await measure();
  const report = describe(measured);
  console.log(report);
  if (rounds >= MIN_ROUNDS) {
    writeFileSync(RESULT, report);
    console.log('written to bench/results/step.md');
  }
} finally {
  for (const child of children) child.disconnect();
  for (const close of closing.toReversed()) await close().catch(() => undefined);
  await delay(POLL_MS);
  rmSync(folder, { recursive: true, force: true });
}
process.exit();

async function measure(): Promise<Map<Way, Measured[]>> {
  const found = await findTemporal({
    cacheDir: join(homedir(), '.cache/coxswain'),
    searchPath: process.env['PATH'] ?? '',
  });
  if (found.kind === 'missing') throw new Error(`no temporal: ${found.tried.join('; ')}. ${found.remedy}`);
  const files = { dbPath: join(folder, 'temporal.db'), logPath: join(folder, 'temporal.log') };
  const server = await startTemporalServer({ temporalPath: found.path, ...files });
  closing.push(() => server.stop());
  const turns = new Map<number, number>();
  const model = await startModel((turn) => turns.set(turn, performance.now()));
  closing.push(() => model.close());
  const connected = await connectClient({ address: server.address, namespace: 'default' });
  closing.push(async () => await connected.close());
  const { client } = connected;
  const stateDir = join(folder, 'state');
  const shared = { address: server.address, stateDir, modelUrl: model.url };
  const ours = await startChild({ ...shared, kind: 'coxswain', taskQueue: 'step' });
  const bare = await startChild({ ...shared, kind: 'bare', taskQueue: 'bare' });
  const repositories = {
    'in our process': await makeRepository('plain', stateDir),
    'by git’s programs': await makeRepository('odd', stateDir),
  };
  const measured = new Map<Way, Measured[]>(WAYS.map((way) => [way, []]));
  for (let round = -1; round < rounds; round += 1) {
    for (const way of WAYS) {
      const cpu = (): number[] => [cpuOf(way === 'a bare pair' ? bare : ours), cpuOf(server.pid)];
      const one =
        way === 'a bare pair' ? await runPairs(client, cpu) : await runAgent(client, repositories[way], { turns, cpu });
      console.log(`round ${round + 1}, ${way}: ${one.stepMs.toFixed(1)} ms`);
      // The first round warms up.
      if (round >= 0) measured.get(way)?.push(one);
    }
  }
  return measured;
}

async function startChild(request: WorkerRequest): Promise<number> {
  const child = fork(fileURLToPath(new URL('worker.ts', import.meta.url)), [JSON.stringify(request)]);
  children.push(child);
  await new Promise<void>((resolve, reject) => {
    child.once('message', () => resolve());
    child.once('exit', (status) => reject(new Error(`a worker ended with ${status}`)));
  });
  return child.pid ?? 0;
}

/** A model that plans one task, then writes a line into a file in each step. */
async function startModel(note: (turn: number) => void): Promise<ResponsesServer> {
  return await startResponsesServer({
    answer: (request) => {
      const text = request.items.find((item) => item.kind === 'user')?.text ?? '';
      const turn = request.items.filter(({ kind }) => kind === 'result').length;
      const isPlan = /^Task: plan$/m.test(text);
      if (!isPlan) note(turn);
      const task = { id: 'a', title: 'write', instructions: 'write', paths: ['a/**'], maxSteps: steps + 20 };
      const plan = { summary: 'the plan', tasks: [{ ...task, maxTokens: 1e9 }] };
      const work = turn < steps ? { command: `echo step ${turn} >> a/steps.txt` } : { summary: 'done' };
      const value = isPlan ? { plan } : work;
      const tool = 'command' in value ? 'shell' : 'finish';
      return { items: [{ kind: 'call', callId: `call_${turn}`, tool, arguments: JSON.stringify(value) }] };
    },
  });
}

async function makeRepository(name: 'plain' | 'odd', stateDir: string): Promise<string> {
  const repository = join(folder, name);
  mkdirSync(join(repository, 'a'), { recursive: true });
  for (let file = 0; file < 100; file += 1) writeFileSync(join(repository, 'a', `f${file}.txt`), `${file}\n`);
  git(repository, ['init', '-q', '-b', 'main']);
  git(repository, ['add', '-A']);
  git(repository, ['commit', '-q', '-m', 'first']);
  const config = readConfig({ COXSWAIN_STATE: stateDir }, folder);
  const store = await openHubStore({ ...config, remoteEnvironment: {} }, repository);
  // A store with grafts, even with an empty file of them, is left to git.
  if (name === 'odd') writeFileSync(join(store.dir, 'info/grafts'), '');
  return repository;
}

async function runAgent(
  client: Client,
  repository: string,
  { turns, cpu }: { turns: Map<number, number>; cpu: () => number[] },
): Promise<Measured> {
  turns.clear();
  const handle: WorkflowHandle = await client.workflow.start('refactor', {
    taskQueue: 'step',
    workflowId: `step-${Math.random().toString(36).slice(2)}`,
    args: [{ goal: 'write', repository }],
  });
  const until = async (isSo: (ids: string[]) => boolean): Promise<void> => {
    for (;;) {
      const { needs } = await handle.query(refactorQueries.status);
      if (isSo(needs.map(({ id }) => id))) return;
      await delay(POLL_MS);
    }
  };
  await until((ids) => ids.includes('plan@1'));
  await handle.executeUpdate(updates.approve, { args: [{ decision: 'plan@1' }] });
  while (!turns.has(WARM_UP_STEPS)) await delay(POLL_MS / 10);
  const [first, before] = [Math.max(...turns.keys()), cpu()];
  while (!turns.has(steps)) await delay(POLL_MS / 10);
  const after = cpu();
  const begun = [...turns].toSorted(([a], [b]) => a - b).map(([, at]) => at);
  const took = begun.slice(WARM_UP_STEPS).flatMap((at, index) => at - (begun[WARM_UP_STEPS + index - 1] ?? at));
  await until((ids) => ids.includes('delivery@1'));
  await handle.terminate();
  return toMeasured(median(took), before, after, steps - first);
}

async function runPairs(client: Client, cpu: () => number[]): Promise<Measured> {
  const before = cpu();
  const startedAt = performance.now();
  const id = `bare-${Math.random().toString(36).slice(2)}`;
  await client.workflow.execute('pairs', { taskQueue: 'bare', workflowId: id, args: [steps * 2] });
  const stepMs = (performance.now() - startedAt) / (steps * 2);
  return toMeasured(stepMs, before, cpu(), steps * 2);
}

function toMeasured(stepMs: number, before: number[], after: number[], count: number): Measured {
  const [workerMs = 0, serverMs = 0] = after.map((ms, at) => (ms - (before[at] ?? 0)) / count);
  return { stepMs, workerMs, serverMs };
}

function median(all: readonly number[]): number {
  return all.toSorted((a, b) => a - b)[all.length >> 1] ?? Number.NaN;
}

function describe(measured: ReadonlyMap<Way, Measured[]>): string {
  const of = (way: Way, what: (one: Measured) => number): number => median((measured.get(way) ?? []).map(what));
  const [pair] = WAYS;
  const rows = WAYS.map((way) => {
    const spread = (measured.get(way) ?? []).map(({ stepMs }) => stepMs.toFixed(0)).join(', ');
    const [wall, worker, server] = [
      of(way, ({ stepMs }) => stepMs),
      of(way, ({ workerMs }) => workerMs),
      of(way, ({ serverMs }) => serverMs),
    ];
    const ratio = (wall / of(pair, ({ stepMs }) => stepMs)).toFixed(2);
    return `| ${way} | ${wall.toFixed(1)} | ${ratio} | ${spread} | ${worker.toFixed(0)} | ${server.toFixed(0)} |`;
  });
  const load = loadavg().map((value) => value.toFixed(1));
  return [
    '# The cost of a step beside a bare pair of activities',
    '',
    `Made by \`npm run bench:step\`: medians of ${rounds} rounds, in each of which every way had its turn, on one server and with one worker.`,
    `A step is a think and an act with a command that changes one of 100 files; ${steps} steps an agent. A bare pair is two activities that do nothing.`,
    `Linux ${release()}, ${cpus().length} cores, Node ${process.versions.node}. Load average at the end: ${load.join(', ')}.`,
    '',
    '| a step, with objects and refs | ms | × a bare pair | each round, ms | CPU of the worker and its programs, ms | CPU of the server, ms |',
    '|---|---:|---:|---|---:|---:|',
    ...rows,
    '',
  ].join('\n');
}
