/**
 * Carries out the schedule: waits for the moment of each disturbance, hits its target, and records what was hit and
 * when.
 * Rule: a target that is already down or frozen is not hit. A phase that does not come in time is skipped.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Fleet, Worker } from './fleet.ts';
import { describeBlow, isRare } from './schedule.ts';
import type { Disturbance } from './schedule.ts';
import type { ScriptedModel } from './scripted-model.ts';
import type { Watch } from './watch.ts';

/** A disturbance that happened. */
export interface Hit {
  disturbance: Disturbance;
  refactor: string;
  /** Undefined for the Temporal server. */
  worker: string | undefined;
  at: number;
  /** When the target worked again; Infinity while it is down. */
  until: number;
  /** Whether the phase was seen; false if the disturbance happened because the wait had taken too long. */
  isInPhase: boolean;
}

export interface DisturbOptions {
  fleet: Fleet;
  model: ScriptedModel;
  watch: Watch;
  /** The rest of the schedule; disturbances that happened are removed. */
  queue: Disturbance[];
  hits: Hit[];
  refactor: string;
  /** Most disturbances of this refactor. */
  most: number;
  say: (line: string) => void;
  /** Fires when the refactor has ended. */
  signal: AbortSignal;
}

/** Long enough for any phase that comes with every step. */
const PHASE_MS = 10_000;
/** Duration of a response while a disturbance waits for a model call. */
const SLOW_ANSWER_MS = 900;
const TARGET_MS = 30_000;
/** Most disturbances of integrations in one refactor: of its about five integrations, at least two are not parallel. */
const MOST_INTEGRATIONS = 2;
const LOOK_MS = 20;

/** Carries out disturbances of one refactor until it ends, the schedule is empty or `most` is reached. */
export async function disturb(options: DisturbOptions): Promise<void> {
  const { queue, most } = options;
  const rare = takeRare(queue, most);
  const usual = queue.filter((disturbance) => !isRare(disturbance)).slice(0, most - rare.length);
  const rows = [...Map.groupBy(rare, ({ phase }) => phase).values(), usual];
  const fell = (await Promise.all(rows.map((row) => fallInTurn(options, row)))).flat();
  // Disturbances that did not happen are left for the next refactor.
  const left = queue.filter((disturbance) => !fell.includes(disturbance));
  queue.splice(0, queue.length, ...left);
}

/** The disturbances of rare phases that this refactor can have: several integrations, but one delivery. */
function takeRare(queue: readonly Disturbance[], most: number): Disturbance[] {
  const taken: Disturbance[] = [];
  for (const disturbance of queue.filter(isRare)) {
    const room = disturbance.phase === 'delivery' ? 1 : MOST_INTEGRATIONS;
    if (taken.length >= most || taken.filter(({ phase }) => phase === disturbance.phase).length >= room) continue;
    taken.push(disturbance);
  }
  return taken;
}

/** Carries out disturbances one after another; returns those that happened before the refactor ended. */
async function fallInTurn(options: DisturbOptions, row: readonly Disturbance[]): Promise<readonly Disturbance[]> {
  for (const [index, disturbance] of row.entries()) {
    if (!(await fall(options, disturbance))) return row.slice(0, index);
    await delay(disturbance.gapMs, undefined, { signal: options.signal }).catch(() => undefined);
  }
  return row;
}

/** Waits for the moment and hits the target; false if the refactor ended before. */
async function fall(options: DisturbOptions, disturbance: Disturbance): Promise<boolean> {
  const { fleet, signal } = options;
  const sight = await waitForPhase(options, disturbance);
  await delay(disturbance.afterMs, undefined, { signal }).catch(() => undefined);
  if (signal.aborted) return false;
  const isServer = disturbance.blow.kind === 'server';
  const worker = isServer ? undefined : await chooseWorker(fleet, disturbance, sight?.worker);
  if (isServer ? fleet.server.state !== 'up' : !worker) return false;
  hit(options, disturbance, worker, sight !== undefined);
  return true;
}

async function waitForPhase(
  { watch, model, signal }: DisturbOptions,
  disturbance: Disturbance,
): Promise<{ worker: Worker | undefined } | undefined> {
  const { phase } = disturbance;
  if (phase === 'time') return { worker: undefined };
  const late = isRare(disturbance) ? [] : [AbortSignal.timeout(PHASE_MS)];
  if (phase === 'think') model.setPace(SLOW_ANSWER_MS);
  try {
    return { worker: await watch.next(phase, AbortSignal.any([signal, ...late])) };
  } catch {
    return undefined;
  } finally {
    if (phase === 'think') model.setPace(0);
  }
}

/** The worker that was seen in the phase; otherwise one of the role that is up. */
async function chooseWorker(
  fleet: Fleet,
  { role, which }: Disturbance,
  seen: Worker | undefined,
): Promise<Worker | undefined> {
  if (seen?.state === 'up') return seen;
  const until = Date.now() + TARGET_MS;
  for (;;) {
    const able = fleet.workers.filter((worker) => worker.role === (seen?.role ?? role) && worker.state === 'up');
    if (able.length > 0) return able[which % able.length];
    if (Date.now() > until) return undefined;
    await delay(LOOK_MS);
  }
}

function hit(
  { fleet, hits, refactor, say }: DisturbOptions,
  disturbance: Disturbance,
  worker: Worker | undefined,
  isInPhase: boolean,
): void {
  const { blow, index, phase } = disturbance;
  const fallen: Hit = { disturbance, refactor, worker: worker?.name, at: Date.now(), until: Infinity, isInPhase };
  hits.push(fallen);
  const where = isInPhase ? `in ${phase}` : `instead of ${phase}`;
  say(`  ${String(index).padStart(3)} ${worker?.name ?? 'server'} ${where}: ${describeBlow(blow)}`);
  const over = perform(fleet, blow, worker);
  over
    .then(() => (fallen.until = Date.now()))
    .catch((error: unknown) => void fleet.accidents.push(`${describeBlow(blow)} failed: ${String(error)}`));
}

async function perform(fleet: Fleet, blow: Disturbance['blow'], worker: Worker | undefined): Promise<void> {
  if (blow.kind === 'server') return await fleet.crashServer(blow);
  if (!worker) throw new Error('nobody to hit');
  switch (blow.kind) {
    case 'kill':
      return await fleet.kill(worker, blow);
    case 'freeze':
      return await fleet.freeze(worker, blow);
    case 'drain':
      return await fleet.drain(worker, blow);
  }
}
