import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nextRefactorCommand } from '../../../src/core/refactor/next.ts';
import { advanceRefactor } from '../../../src/core/refactor/advance.ts';
import { viewRefactor } from '../../../src/core/views/status.ts';
import { planOf, randomFrom, sha } from '../builders.ts';
import { threeTasks } from './three-tasks.ts';

describe('the line from goal to branch', () => {
  test('stops at the plan gate and at the delivery gate, and ends done', () => {
    const run = threeTasks({ checks: ['npm test'] });
    run.settle();
    expect(viewRefactor(run.refactor)).toMatchObject({ state: 'plan gate', needs: [{ id: 'plan@1', kind: 'plan' }] });
    expect(run.acts).toEqual([]);
    expect(run.send('approve', { by: 'ann' })).toMatchObject({ kind: 'applied' });
    run.settle();
    expect(viewRefactor(run.refactor)).toMatchObject({
      state: 'delivery gate',
      needs: [{ id: 'delivery@1' }],
      evidence: [expect.stringMatching(/^green on tree .*: npm test/)],
    });
    run.send('approve', 'delivery@1');
    run.settle();
    expect(run.done).toBe('done');
    expect(run.refactor.tasks.map(({ status }) => status)).toEqual(['integrated', 'integrated', 'integrated']);
  });

  test('starts tasks whose paths cannot meet together, the others one after the other', () => {
    const run = threeTasks({
      plan: planOf({ id: 'a', paths: ['src/**'] }, { id: 'b', paths: ['src/b/*.js'] }, { id: 'c', paths: ['docs'] }),
    });
    run.settle();
    run.send('approve');
    while (nextRefactorCommand(run.refactor).kind !== 'wait') run.stepRefactor();
    expect(run.refactor.tasks.map(({ task, status }) => `${task.id} ${status}`)).toEqual([
      'a working',
      'b waiting',
      'c working',
    ]);
  });

  test('red checks become a repair twice, then a person decides', () => {
    const run = threeTasks({ checks: ['npm test'], isRed: () => true });
    run.settle();
    run.send('approve');
    run.settle();
    expect(run.refactor.repairs).toBe(2);
    expect(viewRefactor(run.refactor).needs).toMatchObject([
      { id: 'checks@1', about: expect.stringContaining('after 2 rounds of repair') },
    ]);
    run.send('approve', 'checks@1');
    expect(viewRefactor(run.refactor).needs).toMatchObject([
      { id: 'delivery@1', about: expect.stringContaining('0 of 1 checks green') },
    ]);
  });

  test('a conflict becomes the work of a merge agent that starts from it', () => {
    const run = threeTasks({ plan: planOf({ id: 'a' }) });
    run.settle();
    run.send('approve');
    while (run.refactor.tasks[0]?.status !== 'finished') {
      run.stepRefactor();
      for (const id of run.agents.keys()) run.stepAgent(id);
    }
    const conflict = { kind: 'conflict' as const, tree: sha('conflict'), files: ['a/x.js'] };
    run.refactor = advanceRefactor(run.refactor, { kind: 'integrated', at: 99, task: 'a', outcome: conflict });
    expect(nextRefactorCommand(run.refactor)).toMatchObject({
      kind: 'startAgent',
      id: 'r/a.2',
      spec: { kind: 'merge', startTree: sha('conflict'), start: sha('base') },
    });
  });

  test('ends when the planner declines, and when nothing was changed', () => {
    const run = threeTasks();
    run.settle();
    const failed = advanceRefactor(run.refactor, {
      kind: 'failed',
      at: 9,
      what: 'prepare',
      type: 'BadRepository',
      reason: 'no such folder',
    });
    expect(failed.outcome).toMatchObject({ kind: 'failed', type: 'PrepareFailed', reason: 'no such folder' });
    expect(viewRefactor(failed).ended).toBe('no such folder');
  });
});

describe('messages', () => {
  test('a plan revised by a person voids the approval of the one before', () => {
    const run = threeTasks();
    run.settle();
    run.send('approve', { decision: 'plan@1' });
    expect(run.send('revisePlan', { version: 7, plan: planOf({ id: 'z' }) })).toMatchObject({
      kind: 'refused',
      detail: expect.stringContaining('version 1'),
    });
    expect(run.send('revisePlan', { version: 1, plan: planOf({ id: 'z' }), by: 'ann' })).toMatchObject({
      kind: 'applied',
    });
    expect(viewRefactor(run.refactor).needs).toMatchObject([{ id: 'plan@2' }]);
    expect(run.send('approve', 'plan@1')).toMatchObject({
      kind: 'refused',
      detail: 'plan@1 was approved by unknown already',
    });
    run.send('approve', 'plan@2');
    expect(run.refactor.tasks.map(({ task }) => task.id)).toEqual(['z']);
  });

  test("a digest that is not the decision's is refused", () => {
    const run = threeTasks();
    run.settle();
    expect(run.send('approve', { decision: 'plan@1', digest: 'deadbeefdeadbeef' })).toMatchObject({ kind: 'refused' });
    const digest = viewRefactor(run.refactor).needs[0]?.digest.slice(0, 12);
    expect(run.send('approve', { decision: 'plan@1', digest })).toMatchObject({ kind: 'applied' });
    expect(run.refactor.control.decisions[0]?.closed).toMatchObject({ bound: true });
  });

  test('approve without an id is refused with the list when several are open', () => {
    const run = threeTasks({ plan: planOf({ id: 'a' }, { id: 'b' }), callsPerTask: 1 });
    run.refactor = {
      ...run.refactor,
      policy: {
        ...run.refactor.policy,
        gates: { ...run.refactor.policy.gates, commands: { value: 'ask', from: 'run' } },
      },
    };
    run.settle();
    run.send('approve');
    run.settle();
    expect(run.send('approve')).toMatchObject({
      kind: 'refused',
      detail: 'several are open, name one: a/call@1, b/call@1',
    });
    expect(run.send('approve', { decision: 'b/call@1', by: 'ann' })).toMatchObject({ kind: 'forwarded' });
    run.settle();
    expect(run.acts).toMatchObject([{ agent: 'r/b.1', allowedBy: 'ann (b/call@1)' }]);
  });

  test('an unknown task is refused with the list of tasks', () => {
    const run = threeTasks();
    run.settle();
    run.send('approve');
    expect(run.send('steer', { text: 'x', to: 'nope' })).toMatchObject({
      kind: 'refused',
      detail: 'there is no task "nope"; tasks: a, b, c',
    });
    expect(run.send('rewind', { task: 'nope', to: 1 })).toMatchObject({ kind: 'refused' });
  });

  test('stop reaches every agent before the refactor ends', () => {
    const run = threeTasks();
    run.settle();
    run.send('approve');
    while (nextRefactorCommand(run.refactor).kind !== 'wait') run.stepRefactor();
    run.send('stop', 'enough');
    run.settle();
    expect(run.done).toBe('stopped');
    expect([...run.ended].toSorted()).toEqual(['r/a.1', 'r/b.1', 'r/plan.1']);
  });
});

test('whatever people send at whatever moment, every act was allowed, nothing throws, and the run can be ended', () => {
  const verbs = [
    'steer',
    'pause',
    'resume',
    'approve',
    'reject',
    'answer',
    'rewind',
    'revisePlan',
    'fork',
    'choose',
  ] as const;
  const message = fc.oneof(
    fc.record({
      verb: fc.constantFrom(...verbs),
      input: fc.constantFrom(
        undefined,
        'text',
        {},
        7,
        { text: 'x', interrupt: true },
        { note: 'again' },
        { to: 1 },
        { task: 'a' },
        { agent: 'a.1' },
        { version: 1, plan: planOf({ id: 'z' }) },
      ),
    }),
    fc.constant({ verb: 'approve' as const, input: undefined }),
  );
  fc.assert(
    fc.property(fc.integer(), fc.array(fc.tuple(fc.nat(12), message), { maxLength: 40 }), (seed, script) => {
      const random = randomFrom(seed);
      const run = threeTasks({ random, checks: ['t'], isRed: () => random() < 0.3 });
      for (const [moves, { verb, input }] of script) {
        for (let move = 0; move < moves; move++) {
          run.stepRefactor();
          for (const id of run.agents.keys()) run.stepAgent(id);
        }
        run.send(verb, input);
      }
      run.send('stop');
      run.settle();
      expect(run.done).not.toBeNull();
      expect(run.acts.every(({ allowedBy }) => allowedBy !== '' && allowedBy !== 'nobody yet')).toBe(true);
      expect([...run.agents.keys()].filter((id) => !run.ended.has(id))).toEqual([]);
    }),
    { numRuns: 300 },
  );
});
