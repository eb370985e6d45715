import { expect, inject, test } from 'vitest';
import { runChaos } from '../../bench/chaos/chaos.ts';
import { PROMISES } from '../../bench/chaos/findings.ts';
import { quietRuntime } from '../../src/worker.ts';
import { sweep } from '../sweep.ts';

quietRuntime();

/** `npm run chaos -- --kills 500 --seed 1` is a longer one still. */
const KILLS = sweep(5, 12);
const SEED = 320;

test('kills, freezes, drains and server crashes in the middle of everything break no promise', async () => {
  const lines: string[] = [];
  const say = (line: string): void => void lines.push(line);
  const temporalPath = inject('temporalPath');
  const { findings, hits } = await runChaos({ kills: KILLS, seed: SEED, mostPerRefactor: KILLS, temporalPath, say });
  // Print the seed and the disturbances, with which a failure can be repeated.
  expect(findings.broken, `seed ${SEED}:\n${lines.join('\n')}`).toEqual([]);
  expect(hits.length).toBe(KILLS);
  for (const [name, times] of Object.entries(findings.looked))
    expect(times, PROMISES[name as keyof typeof PROMISES]).toBeGreaterThan(name === 'inFlight' ? -1 : 0);
}, 1_800_000);
