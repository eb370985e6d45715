import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RESERVED_OUTPUT_TOKENS } from '../../src/core/agent/output-room.ts';
import type { AgentState } from '../../src/core/agent/state.ts';
import { usdLeft } from '../../src/core/refactor/budget.ts';
import type { Verb } from '../../src/core/decisions/messages.ts';
import type { Usage } from '../../src/core/transcript.ts';
import { costAtMost } from '../../src/core/price.ts';
import { viewRefactor } from '../../src/core/views/status.ts';
import { planOf, randomFrom } from '../core/builders.ts';
import { World } from '../core/world.ts';
import { sweep } from '../sweep.ts';

const PLAN = planOf({ id: 'a' }, { id: 'b' }, { id: 'c' });
const PRICE = { inputPerMillionUsd: 2, outputPerMillionUsd: 10 };

/** Any usage that a response may have within its reservation, with part of its input from the cache. */
function anyUsage(random: () => number): (state: AgentState) => Usage {
  return ({ contextTokens, newBytes }) => {
    const inputTokens = Math.floor(random() * (contextTokens + newBytes / 2));
    const outputTokens = Math.floor(random() * RESERVED_OUTPUT_TOKENS);
    const costUsd = costAtMost(PRICE, { inputTokens, outputTokens }) * (0.5 + random() / 2);
    return { inputTokens, cachedTokens: 0, outputTokens, costUsd };
  };
}

function costOf(run: World): number {
  return [...run.agents.values()].reduce((sum, { spend }) => sum + (spend.costUsd ?? Number.NaN), 0);
}

test('a budget of money is never exceeded, in any schedule of parallel agents, lost calls left aside', () => {
  const messages: [Verb, unknown][] = [
    ['approve', undefined],
    ['approve', 'a/budget@1'],
    ['approve', 'a/budget@1'],
    ['approve', 'b/budget@1'],
    ['fork', { task: 'a' }],
    ['resume', undefined],
  ];
  const schedule = fc.array(fc.tuple(fc.nat(15), fc.constantFrom(...messages)), { maxLength: 20 });
  const seen = { asked: 0, spent: 0 };
  fc.assert(
    fc.property(fc.integer(), fc.double({ min: 0.3, max: 3, noNaN: true }), schedule, (seed, usd, script) => {
      const random = randomFrom(seed);
      const world = { plan: PLAN, random, callsPerTask: 4, usage: anyUsage(random), price: PRICE };
      const run = new World(world, { policy: { budget: { usd } } });
      const check = (): void => {
        expect(costOf(run)).toBeLessThanOrEqual(usd + (run.refactor.usdAdded ?? 0) + 1e-9);
        expect(usdLeft(run.refactor) ?? 0).toBeGreaterThanOrEqual(-1e-9);
      };
      for (const [moves, [verb, input]] of script) {
        for (let move = 0; move < moves; move++) {
          run.stepRefactor();
          for (const id of run.agents.keys()) run.stepAgent(id);
          check();
        }
        run.send(verb, input);
        check();
      }
      run.settle();
      check();
      seen.spent += costOf(run);
      if (viewRefactor(run.refactor).needs.some(({ kind }) => kind === 'budget')) seen.asked++;
    }),
    { numRuns: sweep(300, 3000) },
  );
  expect(seen.asked).toBeGreaterThan(sweep(0, 10));
  expect(seen.spent).toBeGreaterThan(sweep(0, 2));
});

/** A refactor with three dollars, whose agents spend a third of one with each call. */
function poor(price: typeof PRICE | undefined = PRICE): World {
  const usage = (): Usage => ({ inputTokens: 3000, cachedTokens: 0, outputTokens: 15_000, costUsd: 0.156 });
  const world = { plan: PLAN, random: () => 0.5, callsPerTask: 5, usage, ...(price ? { price } : {}) };
  const run = new World(world, { policy: { budget: { usd: 1 } } });
  run.settle();
  run.send('approve', { decision: 'plan@1' });
  run.settle();
  return run;
}

describe('a budget of money', () => {
  test('without a price is refused before anything is spent, with what to do', () => {
    const usage = (): Usage => ({ inputTokens: 1, cachedTokens: 0, outputTokens: 1, costUsd: null });
    const world = { plan: PLAN, random: () => 0.5, callsPerTask: 1, usage };
    const run = new World(world, { policy: { budget: { usd: 1 } } });
    run.settle();
    expect(run.refactor.outcome).toMatchObject({ kind: 'failed', type: 'PrepareFailed' });
    expect(JSON.stringify(run.refactor.outcome)).toContain('no price for m: add it to the table of COXSWAIN_PRICES');
    expect(run.agents.size).toBe(0);
  });

  test('at its end holds and asks, with what was spent on what, and goes on when a person adds to it', () => {
    const run = poor();
    expect(viewRefactor(run.refactor).needs.map(({ kind }) => kind)).toContain('budget');
    for (let round = 0; round < 60 && run.done === null; round++) {
      for (const { id } of viewRefactor(run.refactor).needs) {
        run.send('approve', { decision: id });
        run.settle();
      }
    }
    expect(run.done).toBe('done');
    const asked = run.refactor.control.decisions.find(({ id }) => id.startsWith('budget@'));
    expect(asked?.about).toMatch(/^\$1\.00 of \$1\.00 are spent; approve \$1\.00 more\?\n- r\/plan\.1: \d+, \$/);
  });
});
