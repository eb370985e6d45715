import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RESERVED_OUTPUT_TOKENS } from '../../src/core/agent/output-room.ts';
import type { AgentState } from '../../src/core/agent/state.ts';
import { tokensLeft } from '../../src/core/refactor/budget.ts';
import type { Verb } from '../../src/core/decisions/messages.ts';
import type { Usage } from '../../src/core/transcript.ts';
import { viewRefactor } from '../../src/core/views/status.ts';
import { planOf, randomFrom } from '../core/builders.ts';
import { World } from '../core/world.ts';
import { sweep } from '../sweep.ts';

const PLAN = planOf({ id: 'a' }, { id: 'b' }, { id: 'c' });

/** Any usage that a response may have: at most the reserved input, and the longest output. */
function anyUsage(random: () => number): (state: AgentState) => Usage {
  return ({ contextTokens, newBytes }) => ({
    inputTokens: Math.floor(random() * (contextTokens + newBytes / 2)),
    cachedTokens: 0,
    outputTokens: Math.floor(random() * RESERVED_OUTPUT_TOKENS),
    costUsd: null,
  });
}

function spentBy(run: World): number {
  return [...run.agents.values()].reduce((sum, { spend }) => sum + spend.inputTokens + spend.outputTokens, 0);
}

test('the budget is never exceeded, in any schedule of parallel agents and of what people approve', () => {
  const messages: [Verb, unknown][] = [
    ['approve', undefined],
    ['approve', 'a/budget@1'],
    ['approve', 'b/budget@1'],
    ['fork', { task: 'a' }],
    ['rewind', { task: 'b', to: 1 }],
    ['choose', 'a.1'],
    ['resume', undefined],
  ];
  const message = fc.constantFrom(...messages);
  const schedule = fc.array(fc.tuple(fc.nat(15), message), { maxLength: 20 });
  let asked = 0;
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 30_000, max: 400_000 }), schedule, (seed, tokens, script) => {
      const random = randomFrom(seed);
      const usage = anyUsage(random);
      const shares = seed % 2 === 0 ? { sharesTokens: true as const } : {};
      const world = { plan: PLAN, random, callsPerTask: 4, usage, ...shares };
      const run = new World(world, { policy: { budget: { tokens } } });
      const check = (): void => {
        const budget = tokens + (run.refactor.budgetAdded ?? 0);
        expect(spentBy(run)).toBeLessThanOrEqual(budget);
        expect(tokensLeft(run.refactor)).toBeGreaterThanOrEqual(0);
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
      if (viewRefactor(run.refactor).needs.some(({ kind }) => kind === 'budget')) asked++;
    }),
    { numRuns: sweep(1000, 10_000) },
  );
  expect(asked).toBeGreaterThan(sweep(0, 20));
}, 600_000);

describe('at the end of a budget', () => {
  /** A refactor that has too little for its three tasks. */
  function short(): World {
    const usage = (): Usage => ({ inputTokens: 1000, cachedTokens: 0, outputTokens: 9000, costUsd: null });
    const run = new World(
      { plan: PLAN, random: () => 0.5, callsPerTask: 2, usage },
      { policy: { budget: { tokens: 50_000 } } },
    );
    run.settle();
    run.send('approve', { decision: 'plan@1' });
    run.settle();
    return run;
  }

  test('the refactor asks, with what was spent on what, and goes on when a person adds to it', () => {
    const run = short();
    const [need] = viewRefactor(run.refactor).needs;
    expect(need?.kind).toBe('budget');
    for (let round = 0; round < 20 && run.done === null; round++) {
      for (const { id } of viewRefactor(run.refactor).needs) {
        run.send('approve', { decision: id });
        run.settle();
      }
    }
    expect(run.done).toBe('done');
    expect(run.refactor.budgetAdded).toBeGreaterThan(0);
  });

  test('an agent is given no tokens behind the back of its refactor', () => {
    const run = short();
    const hungry = [...run.agents.values()].find(({ control }) =>
      control.decisions.some(({ kind, closed }) => kind === 'budget' && !closed),
    );
    if (!hungry) throw new Error('nobody asks');
    expect(run.sendTo(hungry.id, 'approve')).toMatchObject({
      kind: 'refused',
      detail: "the tokens are r's: approve this there",
    });
  });
});
