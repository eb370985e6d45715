import { describe, expect, test } from 'vitest';
import type { Permit } from '../../../src/core/decisions/permits.ts';
import { viewRefactor } from '../../../src/core/views/status.ts';
import { nextRefactorCommand } from '../../../src/core/refactor/next.ts';
import { sha } from '../builders.ts';
import type { World } from '../world.ts';
import { threeTasks } from './three-tasks.ts';

/** What a person permitted an agent of task `a`. */
function permit(id: string): Permit {
  const approval = { by: 'ann', principal: 'ann', at: 1, bound: true, signed: true };
  const approvals = [{ ...approval, proof: { text: 'a text', signature: 'a signature' } }];
  const decision = { id, kind: 'outside' as const, digest: 'digest', openedAt: 1, approvals };
  return { workflow: 'r/a.1', decision, asked: { head: sha('head'), outside: ['README.md'] } };
}

describe('a fork tries a task twice', () => {
  /** A refactor whose task `a` is under way, and forked once from its first checkpoint. */
  function forked(): World {
    const run = threeTasks();
    run.settle();
    run.send('approve');
    while (!run.agents.has('r/a.1')) run.stepRefactor();
    while (run.agents.get('r/a.1')?.checkpoints.length !== 1) run.stepAgent('r/a.1');
    expect(run.send('fork', { task: 'a', text: 'otherwise', by: 'ann' })).toMatchObject({ kind: 'forwarded' });
    while (!run.agents.has('r/a.2')) {
      run.stepRefactor();
      run.stepAgent('r/a.1');
    }
    return run;
  }

  test('beside the first, from its checkpoint on, and told what the person said', () => {
    const run = forked();
    const [first, second] = [run.agents.get('r/a.1'), run.agents.get('r/a.2')];
    expect(second).toMatchObject({ head: first?.checkpoints[0]?.head, step: 2, spec: { start: first?.spec.start } });
    expect(second?.steers).toMatchObject([{ text: 'otherwise', by: 'ann' }]);
  });

  test('and nothing is integrated until a person chooses; the other is left aside', () => {
    const run = forked();
    run.settle();
    const [need] = viewRefactor(run.refactor).needs;
    expect(need).toMatchObject({ id: 'a/choice@1', kind: 'choice' });
    expect(run.send('approve', 'a/choice@1')).toMatchObject({
      kind: 'refused',
      detail: expect.stringContaining('use choose'),
    });
    expect(run.send('choose', 'a.9')).toMatchObject({
      kind: 'refused',
      detail: expect.stringContaining('r/a.1, r/a.2'),
    });
    expect(run.send('choose', { agent: 'a.2', by: 'ann' })).toMatchObject({ kind: 'applied' });
    run.settle();
    expect(viewRefactor(run.refactor).needs).toMatchObject([{ kind: 'delivery' }]);
    const chosen = run.refactor.tasks.find(({ task }) => task.id === 'a');
    expect(chosen?.head).toBe(run.agents.get('r/a.2')?.head);
  });

  test('with what people let the first keep, and the decisions by which', () => {
    const run = threeTasks();
    run.settle();
    run.send('approve');
    while (!run.agents.has('r/a.1')) run.stepRefactor();
    while (run.agents.get('r/a.1')?.checkpoints.length !== 1) run.stepAgent('r/a.1');
    const first = run.agents.get('r/a.1');
    if (!first) throw new Error('no agent');
    run.agents.set('r/a.1', { ...first, keptEffects: ['a finding'], permits: [permit('a/outside@1')] });
    run.send('fork', { task: 'a', by: 'ann' });
    while (!run.agents.has('r/a.2')) {
      run.stepRefactor();
      run.stepAgent('r/a.1');
    }
    expect(run.agents.get('r/a.2')).toMatchObject({ keptEffects: ['a finding'], permits: [permit('a/outside@1')] });
    const [work, ...others] = run.refactor.tasks;
    if (!work) throw new Error('no task');
    // Permits of an earlier agent stay with the task, whichever rival is chosen.
    run.refactor = { ...run.refactor, tasks: [{ ...work, permits: [permit('a/integration@1')] }, ...others] };
    const integrated: string[][] = [];
    run.send('choose', { agent: 'a.2', by: 'ann' });
    while (run.refactor.tasks[0]?.status !== 'integrated') {
      const command = nextRefactorCommand(run.refactor);
      if (command.kind === 'integrate' && command.task === 'a')
        integrated.push((command.input.permits ?? []).map(({ decision }) => decision.id).toSorted());
      run.stepRefactor();
      for (const id of run.agents.keys()) run.stepAgent(id);
    }
    expect(integrated[0]).toEqual(['a/integration@1', 'a/outside@1']);
    // After the integration neither the task nor its agents' reports have the permits.
    expect(JSON.stringify(run.refactor)).not.toContain('a signature');
  });

  test('and one that is chosen while both work goes on alone; the status names it, and had a row for each', () => {
    const run = forked();
    const rows = (): unknown[] => (viewRefactor(run.refactor).agents ?? []).map(({ id, status }) => `${id} ${status}`);
    expect(rows()).toEqual(['r/a.1 working', 'r/a.2 working']);
    run.send('choose', 'a.1');
    expect(viewRefactor(run.refactor).tasks[0]).toMatchObject({ id: 'a', agent: 'r/a.1' });
    while (run.agents.get('r/a.2')?.outcome === null || run.refactor.agents.at(-1)?.status !== 'ended') {
      run.stepRefactor();
      run.stepAgent('r/a.2');
    }
    expect(viewRefactor(run.refactor).tasks[0]).toMatchObject({ id: 'a', agent: 'r/a.1' });
    expect(rows()).toEqual(['r/a.1 working']);
    run.settle();
    expect(run.agents.get('r/a.2')?.outcome).toMatchObject({ kind: 'stopped' });
    const chosen = run.refactor.tasks.find(({ task }) => task.id === 'a');
    expect(chosen).toMatchObject({ status: 'integrated', head: run.agents.get('r/a.1')?.head });
  });
});
