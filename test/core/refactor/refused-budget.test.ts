/** A conflict after a person refused more time: no agent merges it without a limit. */
import { expect, test } from 'vitest';
import { advanceRefactor } from '../../../src/core/refactor/advance.ts';
import { viewRefactor } from '../../../src/core/views/status.ts';
import { countTime } from '../../../src/core/refactor/working-time.ts';
import { planOf, sha } from '../builders.ts';
import { World } from '../world.ts';

/** A refactor whose time was refused after this task had finished. The task's integration has a conflict. */
function conflictAfterRefusal(task: string): World {
  const plan = planOf({ id: 'a' }, { id: 'b', dependsOn: ['a'] });
  const run = new World({ plan, random: () => 0.5, callsPerTask: 1 }, { policy: { budget: { minutes: 10 } } });
  run.refactor = countTime(run.refactor, 0);
  run.settle();
  run.send('approve', 'plan@1');
  for (let round = 0; run.refactor.tasks.find((work) => work.task.id === task)?.status !== 'finished'; round++) {
    if (round > 100) throw new Error(`${task} never finished`);
    run.stepRefactor();
    for (const id of run.agents.keys()) run.stepAgent(id);
  }
  run.refactor = countTime(countTime(run.refactor, 60_000), 700_000);
  run.send('reject', { decision: 'time@1', by: 'ann' });
  const outcome = { kind: 'conflict' as const, tree: sha('conflict'), files: ['a/x.js'] };
  run.refactor = advanceRefactor(run.refactor, { kind: 'integrated', at: 700_001, task, outcome });
  return run;
}

test('a task that conflicts after more time was refused is left out, and what is done is offered', () => {
  const run = conflictAfterRefusal('b');
  expect(run.refactor.tasks.map(({ status }) => status)).toEqual(['integrated', 'dropped']);
  expect(run.refactor.deviations.at(-1)).toBe('no more budget was given; left out: b, which conflicts in a/x.js');
  run.settle();
  expect(viewRefactor(run.refactor).needs).toMatchObject([{ id: 'delivery@1' }]);
  expect([...run.agents.keys()]).toEqual(['r/plan.1', 'r/a.1', 'r/b.1']);
  // A person who wants more work done is asked for more time again.
  run.send('reject', { decision: 'delivery@1', note: 'with b' });
  run.refactor = countTime(run.refactor, 800_000);
  expect(viewRefactor(run.refactor).needs).toMatchObject([{ id: 'time@2' }]);
});

test('where nothing else is done, it holds, and resumed it is asked for more time again', () => {
  const run = conflictAfterRefusal('a');
  expect(run.refactor.hold?.reason).toContain('Resume to be asked for the budget again');
  run.send('resume', {});
  run.refactor = countTime(run.refactor, 800_000);
  expect(viewRefactor(run.refactor).needs).toMatchObject([{ id: 'time@2' }]);
});
