/**
 * The disturbances of a fleet, each with its phase: a list that only the seed determines.
 * Rule: combinations of disturbance and phase are dealt from a shuffled deck, so each one occurs before any occurs
 * twice. The exact moment within a phase depends on the machine.
 */
import { createRandom } from './random.ts';
import type { Random } from './random.ts';

export type Role = 'control' | 'model' | 'workspace';

/** The phase in which a disturbance happens; `time` is any moment. */
export type Phase =
  | 'think'
  | 'command'
  | 'snapshot'
  | 'push'
  | 'hydrate'
  | 'check'
  | 'integration'
  | 'delivery'
  | 'signal'
  | 'time';

/** `whole` also hits the worker's children, as the end of its container would; without it they become orphans. */
export type Blow =
  | { kind: 'kill'; whole: boolean; downMs: number }
  | { kind: 'freeze'; whole: boolean; frozenMs: number }
  | { kind: 'drain'; downMs: number }
  | { kind: 'server'; downMs: number };

export interface Disturbance {
  index: number;
  blow: Blow;
  phase: Phase;
  /** The role of the worker to hit, if the phase does not determine the worker. */
  role: Role;
  /** Index of the worker in its role, modulo their number. */
  which: number;
  /** Milliseconds from seeing the phase to the disturbance. */
  afterMs: number;
  /** Milliseconds from this disturbance to the next one. */
  gapMs: number;
}

type BlowName = 'kill' | 'freeze' | 'long freeze' | 'drain' | 'server';

/** The phases of each role, and the longest delay after seeing one, in milliseconds. */
const PHASES: { phase: Phase; role: Role; mostMs: number; blows: BlowName[] }[] = [
  { phase: 'think', role: 'model', mostMs: 600, blows: ['kill', 'freeze', 'long freeze', 'drain', 'server'] },
  { phase: 'command', role: 'workspace', mostMs: 400, blows: ['kill', 'freeze', 'long freeze', 'drain', 'server'] },
  { phase: 'snapshot', role: 'workspace', mostMs: 10, blows: ['kill', 'freeze', 'long freeze', 'drain', 'server'] },
  { phase: 'push', role: 'workspace', mostMs: 30, blows: ['kill', 'freeze', 'long freeze', 'drain', 'server'] },
  { phase: 'hydrate', role: 'workspace', mostMs: 30, blows: ['kill', 'long freeze', 'drain'] },
  { phase: 'check', role: 'workspace', mostMs: 60, blows: ['kill', 'long freeze', 'drain'] },
  { phase: 'integration', role: 'control', mostMs: 40, blows: ['kill', 'long freeze', 'drain', 'server'] },
  { phase: 'delivery', role: 'control', mostMs: 40, blows: ['kill', 'long freeze', 'drain', 'server'] },
  { phase: 'signal', role: 'control', mostMs: 60, blows: ['kill', 'freeze', 'drain', 'server'] },
  { phase: 'time', role: 'control', mostMs: 1500, blows: ['kill', 'long freeze', 'drain', 'server'] },
  { phase: 'time', role: 'model', mostMs: 1500, blows: ['kill', 'drain'] },
  { phase: 'time', role: 'workspace', mostMs: 1500, blows: ['kill', 'long freeze', 'drain'] },
];

/** Phases that come once or a few times in a refactor: the bench waits for them while others go on. */
const RARE: ReadonlySet<Phase> = new Set(['integration', 'delivery']);

/** Longer than Temporal's heartbeat timeout for our activities, which is 10 s. */
const LONG_FREEZE_MS = [11_000, 25_000] as const;
const SHORT_FREEZE_MS = [1000, 9000] as const;
const DOWN_MS = [0, 4000] as const;
const GAP_MS = [0, 2500] as const;

/** Whether a disturbance waits for a rare phase. */
export function isRare({ phase }: Disturbance): boolean {
  return RARE.has(phase);
}

/** The first `count` disturbances of a seed. */
export function makeSchedule(seed: number, count: number): Disturbance[] {
  const random = createRandom(seed);
  const deck = PHASES.flatMap(({ blows, ...place }) => blows.map((name) => ({ ...place, name })));
  const schedule: Disturbance[] = [];
  while (schedule.length < count) {
    for (const { phase, role, mostMs, name } of random.shuffle(deck)) {
      schedule.push({
        index: schedule.length + 1,
        blow: makeBlow(random, name),
        phase,
        role,
        which: random.between(0, 1000),
        afterMs: random.between(0, mostMs),
        gapMs: random.between(...GAP_MS),
      });
    }
  }
  return schedule.slice(0, count);
}

function makeBlow(random: Random, name: BlowName): Blow {
  switch (name) {
    case 'kill':
      return { kind: 'kill', whole: random.isHit(0.5), downMs: random.between(...DOWN_MS) };
    case 'freeze':
      return { kind: 'freeze', whole: random.isHit(0.5), frozenMs: random.between(...SHORT_FREEZE_MS) };
    case 'long freeze':
      return { kind: 'freeze', whole: random.isHit(0.5), frozenMs: random.between(...LONG_FREEZE_MS) };
    case 'drain':
      return { kind: 'drain', downMs: random.between(...DOWN_MS) };
    case 'server':
      return { kind: 'server', downMs: random.between(...DOWN_MS) };
  }
}

/** A disturbance in a few words, for logs and tables. */
export function describeBlow(blow: Blow): string {
  switch (blow.kind) {
    case 'kill':
      return blow.whole ? 'SIGKILL with children' : 'SIGKILL';
    case 'freeze':
      return `${blow.whole ? 'SIGSTOP with children' : 'SIGSTOP'} for ${(blow.frozenMs / 1000).toFixed(1)} s`;
    case 'drain':
      return 'SIGTERM';
    case 'server':
      return `Temporal server killed, ${(blow.downMs / 1000).toFixed(1)} s down`;
  }
}
