import { describe, expect, test } from 'vitest';
import { nextRefactorCommand } from '../../src/core/refactor/next.ts';
import { viewRefactor } from '../../src/core/views/status.ts';
import { countTime, timeIsUpAt } from '../../src/core/refactor/working-time.ts';
import { planOf } from '../core/builders.ts';
import { World } from '../core/world.ts';

const MINUTE = 60_000;

/** A refactor with a budget of ten minutes, whose plan waits for approval. */
function planned(): World {
  const run = new World(
    { plan: planOf({ id: 'a' }, { id: 'b' }), random: () => 0.5, callsPerTask: 1 },
    { policy: { budget: { minutes: 10 } } },
  );
  run.refactor = countTime(run.refactor, 0);
  run.settle();
  run.refactor = countTime(run.refactor, MINUTE);
  return run;
}

describe('a budget of time', () => {
  test('counts work, not what people take to decide', () => {
    const run = planned();
    expect(run.refactor.clock).toEqual({ workedMs: MINUTE, since: null, addedMinutes: 0 });
    expect(timeIsUpAt(run.refactor)).toBeNull();
    run.send('approve', 'plan@1');
    run.refactor = countTime(run.refactor, 1000 * MINUTE);
    expect(run.refactor.clock).toMatchObject({ workedMs: MINUTE, since: 1000 * MINUTE });
    expect(timeIsUpAt(run.refactor)).toBe(1009 * MINUTE);
  });

  test('at its end pauses the agents and asks; with more they go on, without it the run holds and can be asked again', () => {
    const run = planned();
    run.send('approve', 'plan@1');
    run.refactor = countTime(run.refactor, 100 * MINUTE);
    run.stepRefactor();
    run.stepRefactor();
    run.refactor = countTime(run.refactor, 109 * MINUTE);
    const [need] = viewRefactor(run.refactor).needs;
    expect(need).toMatchObject({
      id: 'time@1',
      kind: 'budget',
      about: expect.stringMatching(/^10 minutes of work are used/),
    });
    expect(run.refactor.forwards).toMatchObject(
      run.refactor.agents
        .filter(({ status }) => status === 'running')
        .map(({ id }) => ({ agent: id, message: { verb: 'pause' } })),
    );
    run.settle();
    expect([...run.agents.values()].filter(({ outcome }) => !outcome).every(({ control }) => control.paused)).toBe(
      true,
    );
    const rejected = new World(run.script, {});
    rejected.refactor = run.refactor;
    rejected.send('reject', { decision: 'time@1', by: 'ann' });
    rejected.refactor = countTime(rejected.refactor, 150 * MINUTE);
    expect(viewRefactor(rejected.refactor)).toMatchObject({
      needs: [],
      hold: expect.stringMatching(/^ann rejected time@1, and nothing is integrated yet/),
    });
    rejected.send('resume');
    rejected.refactor = countTime(rejected.refactor, 151 * MINUTE);
    expect(viewRefactor(rejected.refactor).needs).toMatchObject([{ id: 'time@2' }]);
    run.send('approve', 'time@1');
    run.refactor = countTime(run.refactor, 200 * MINUTE);
    expect(timeIsUpAt(run.refactor)).toBe(210 * MINUTE);
    run.settle();
    expect(nextRefactorCommand(run.refactor)).toMatchObject({
      kind: 'wait',
      why: { kind: 'decision', id: 'delivery@1' },
    });
  });

  test('that is not set costs nothing', () => {
    const run = new World({ plan: planOf({ id: 'a' }), random: () => 0.5, callsPerTask: 1 });
    expect(countTime(run.refactor, 5 * MINUTE)).toBe(run.refactor);
    expect(timeIsUpAt(run.refactor)).toBeNull();
  });
});
