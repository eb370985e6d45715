/**
 * One trial: a fresh host, a worker, the commands of one attack or of one piece of daily work, and their outcome.
 * Rule: a watchdog limits everything, and everything is removed; processes that a runner left are counted, then killed.
 */
import { fork } from 'node:child_process';
import type { ChildProcess, ForkOptions } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Attack, Host, Outcome, RunnerName } from './attack.ts';
import { makeHost } from './host.ts';
import type { TrialHost } from './host.ts';
import { makeRepository, readDelivered } from './repository.ts';
import type { Prepared } from './runner.ts';
import { throwAwayHost } from './runners/none.ts';
import { watchProcesses } from './watch-processes.ts';
import type { ProcessWatch } from './watch-processes.ts';
import type { Answer, Request } from './worker.ts';

/** What a trial runs: an attack, or daily work in the same form. */
export type Job = Omit<Attack, 'area' | 'tries' | 'succeeded'>;

const WORKER = fileURLToPath(new URL('./worker.ts', import.meta.url));
const DEFAULT_TIMEOUT_MS = 20_000;
/** Time limit of a runner for everything except the command itself. */
const LIFE_MS = 90_000;
/** Time for a killed process tree to die; a process that lives longer has survived. */
const DEATH_MS = 2_000;
const BEAT_MS = 100;

/** Runs a job and passes the host and the outcome to `judge`, before both are removed. */
export async function runTrial<T>(
  parent: string,
  runner: RunnerName,
  prepared: Extract<Prepared, { kind: 'ready' }>,
  { job, judge }: { job: Job; judge: (host: Host, outcome: Outcome) => Promise<T> },
): Promise<{ kind: 'judged'; verdict: T; outcome: Outcome } | { kind: 'failed'; why: string }> {
  const trial = await makeHost(parent, job.disk);
  const worker = startWorker(runner, prepared, trial);
  try {
    const { origin, place, elsewhere, home } = trial;
    makeRepository(origin, job.repository ?? { 'README.md': 'A repository.\n' }, job.branch ?? 'main');
    const asked = {
      kind: 'open',
      runner,
      places: { origin, place, elsewhere, home },
      settings: prepared.settings,
    } as const;
    const opened = await ask(worker, asked, LIFE_MS);
    if (opened.kind !== 'opened') return { kind: 'failed', why: opened.kind === 'trouble' ? opened.reason : '?' };
    const host = trial.complete(opened.opened);
    const outcome = await perform(job, host, worker, { origin, isProgram: opened.opened.isProgram ?? false });
    return { kind: 'judged', verdict: await judge(host, outcome), outcome };
  } finally {
    worker.kill('SIGKILL');
    await trial.close();
  }
}

function startWorker(
  runner: RunnerName,
  prepared: Extract<Prepared, { kind: 'ready' }>,
  trial: TrialHost,
): ChildProcess {
  const { home, secret, root, elsewhere } = trial;
  // Many people have this folder on their PATH for programs that they install themselves.
  const path = `${home}/.local/bin:${prepared.path ?? process.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin'}`;
  const env = { PATH: path, HOME: home, CANARY_TOKEN: secret, LANG: 'C.UTF-8', TERM: 'dumb' };
  const options: ForkOptions = { env, cwd: home, stdio: ['ignore', 'inherit', 'inherit', 'ipc'], detached: true };
  if (runner !== 'none') return fork(WORKER, [], { ...options, execArgv: ['--no-warnings'] });
  const args = [...throwAwayHost([root, elsewhere]), '--chdir', home, '--', process.execPath, '--no-warnings'];
  return fork(WORKER, [], { ...options, execPath: prepared.settings['bubblewrap'] ?? 'bwrap', execArgv: args });
}

async function perform(
  job: Job,
  host: Host,
  worker: ChildProcess,
  { origin, isProgram }: { origin: string; isProgram: boolean },
): Promise<Outcome> {
  const watch = watchProcesses(worker.pid ?? 0, (line) => line.includes(WORKER));
  const before = new Set(watch.alive().keys());
  const stop = beat(job, host, worker, { isProgram, watch });
  const timeoutMs = job.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const collected = { output: '', exitCode: null as number | null, trouble: undefined as string | undefined };
  const startedAt = performance.now();
  const take = async (request: Request): Promise<Answer | undefined> => {
    if (collected.trouble !== undefined) return undefined;
    const said = await ask(worker, request, timeoutMs + LIFE_MS);
    if (said.kind === 'trouble') collected.trouble = said.reason;
    if (said.kind === 'ran') Object.assign(collected, { exitCode: said.ran.exitCode });
    if (said.kind === 'ran') collected.output += said.ran.output;
    if (said.kind === 'finished') collected.output += said.output;
    return said;
  };
  for (const command of [await job.command(host), ...((await job.commands?.(host)) ?? [])]) {
    await take({ kind: 'run', command, timeoutMs });
  }
  const durationMs = Math.round(performance.now() - startedAt);
  const patch = job.patch?.(host);
  if (patch !== undefined) await take({ kind: 'patch', patch });
  const alive = await survivors(watch, before);
  const finished = await take({ kind: 'finish', check: job.check, timeoutMs });
  stop();
  const check = finished?.kind === 'finished' ? finished.check : undefined;
  if (collected.trouble === undefined) await ask(worker, { kind: 'close' }, LIFE_MS);
  for (const pid of watch.alive().keys()) if (!before.has(pid)) end(pid);
  return {
    exitCode: collected.exitCode,
    output: collected.output + (check?.output ?? ''),
    tree: readDelivered(origin),
    durationMs,
    peak: watch.peak,
    survivors: alive,
    ...(check === undefined ? {} : { checkExitCode: check.exitCode }),
    ...(collected.trouble === undefined ? {} : { trouble: collected.trouble }),
  };
}

/** Runs every 100 ms while commands run: the attack's own part on the host, and the kill of the worker if wanted. */
function beat(
  job: Job,
  host: Host,
  worker: ChildProcess,
  { isProgram, watch }: { isProgram: boolean; watch: ProcessWatch },
): () => void {
  let isBusy = false;
  const timer = setInterval(() => {
    if (job.killsWorker && existsSync(join(host.workspace, 'ready'))) {
      worker.kill('SIGKILL');
      // If the runner is a program, a person would kill that program.
      if (isProgram) for (const [pid, line] of watch.alive()) if (/^\S*codex sandbox /.test(line)) end(pid);
    }
    if (isBusy || !job.whileRunning) return;
    isBusy = true;
    job
      .whileRunning(host)
      .catch(() => undefined)
      .finally(() => (isBusy = false));
  }, BEAT_MS);
  return () => {
    clearInterval(timer);
    watch.stop();
  };
}

async function survivors(watch: ProcessWatch, before: ReadonlySet<number>): Promise<string[]> {
  const until = performance.now() + DEATH_MS;
  for (;;) {
    const lines = [...watch.alive()].filter(([pid]) => !before.has(pid)).map(([, line]) => line);
    if (lines.length === 0 || performance.now() > until) return lines;
    await delay(BEAT_MS);
  }
}

/** Sends one request and waits for the response, the worker's death, or the deadline. */
async function ask(worker: ChildProcess, request: Request, timeoutMs: number): Promise<Answer> {
  if (worker.exitCode !== null || worker.signalCode !== null) return { kind: 'trouble', reason: 'the worker is dead' };
  return await new Promise((resolve) => {
    const settle = (said: Answer): void => {
      clearTimeout(timer);
      worker.off('message', settle).off('exit', died);
      resolve(said);
    };
    const died = (code: number | null, signal: string | null): void =>
      settle({ kind: 'trouble', reason: `the worker died of ${signal ?? `exit status ${code}`}` });
    const timer = setTimeout(() => {
      worker.kill('SIGKILL');
      settle({ kind: 'trouble', reason: `no answer to ${request.kind} in ${timeoutMs} ms` });
    }, timeoutMs);
    worker.on('message', settle).on('exit', died);
    worker.send(request, () => undefined);
  });
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // The process is gone.
  }
}
