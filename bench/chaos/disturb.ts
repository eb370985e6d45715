/**
 * Carries the schedule out: waits for a disturbance's moment, hits what it names, and writes down what was hit and
 * when.
 * Rule: nothing that is down or frozen already is hit again; a phase that does not come in time is not waited for.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Fleet, Worker } from './fleet.ts';
import { describeBlow, isRare } from './schedule.ts';
import type { Disturbance } from './schedule.ts';
import type { ScriptedModel } from './scripted-model.ts';
import type { Watch } from './watch.ts';

/** A blow as it fell. */
export interface Hit {
  disturbance: Disturbance;
  refactor: string;
  /** Undefined where it was the Temporal server. */
  worker: string | undefined;
  at: number;
  /** When it worked again, or could: Infinity while it does not. */
  until: number;
  /** Whether its phase was seen, or it fell because waiting had taken too long. */
  isInPhase: boolean;
}

export interface DisturbOptions {
  fleet: Fleet;
  model: ScriptedModel;
  watch: Watch;
  /** What is left of the schedule; what fell is taken out. */
  queue: Disturbance[];
  hits: Hit[];
  refactor: string;
  /** Most that fall on this refactor. */
  most: number;
  say: (line: string) => void;
  /** Fires when the refactor has ended. */
  signal: AbortSignal;
}

/** Long enough for any phase that comes with every step. */
const PHASE_MS = 10_000;
/** How long an answer takes while a blow waits for a model call to hit. */
const SLOW_ANSWER_MS = 900;
const TARGET_MS = 30_000;
/** Of some five integrations that a refactor has, at least these many are sure to come after each other. */
const MOST_INTEGRATIONS = 2;
const LOOK_MS = 20;

/** Lets disturbances fall on one refactor until it ends, the schedule is empty or it has had enough. */
export async function disturb(options: DisturbOptions): Promise<void> {
  const { queue, most } = options;
  const rare = takeRare(queue, most);
  const usual = queue.filter((disturbance) => !isRare(disturbance)).slice(0, most - rare.length);
  const rows = [...Map.groupBy(rare, ({ phase }) => phase).values(), usual];
  const fell = (await Promise.all(rows.map((row) => fallInTurn(options, row)))).flat();
  // What did not come to fall is the next refactor's.
  const left = queue.filter((disturbance) => !fell.includes(disturbance));
  queue.splice(0, queue.length, ...left);
}

/** Those of rare phases that this refactor can take: it has several integrations, but one delivery. */
function takeRare(queue: readonly Disturbance[], most: number): Disturbance[] {
  const taken: Disturbance[] = [];
  for (const disturbance of queue.filter(isRare)) {
    const room = disturbance.phase === 'delivery' ? 1 : MOST_INTEGRATIONS;
    if (taken.length >= most || taken.filter(({ phase }) => phase === disturbance.phase).length >= room) continue;
    taken.push(disturbance);
  }
  return taken;
}

/** Lets disturbances fall one after another, and gives those that did before the refactor ended. */
async function fallInTurn(options: DisturbOptions, row: readonly Disturbance[]): Promise<readonly Disturbance[]> {
  for (const [index, disturbance] of row.entries()) {
    if (!(await fall(options, disturbance))) return row.slice(0, index);
    await delay(disturbance.gapMs, undefined, { signal: options.signal }).catch(() => undefined);
  }
  return row;
}

/** Waits for the moment and hits; false where the refactor ended before. */
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

/** The one that was seen, else one of the role that works now. */
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
