import { describe, expect, test } from 'vitest';
import { shellLine, showElapsed, showPlan, showStatus, showTicks, sumSpend } from '../../src/cli/show.ts';
import type { Plan } from '../../src/core/plan.ts';
import { checkPlan } from '../../src/core/plan.ts';
import { viewRefactor } from '../../src/core/views.ts';
import { createRefactor } from '../../src/core/refactor.ts';
import { policyOf } from '../core/builders.ts';

const HOSTILE = 'harmless\u001b[2J\u202eevil';

function planOf(...tasks: object[]): Plan {
  const checked = checkPlan({ summary: 'what is done', tasks });
  if (checked.kind === 'bad') throw new Error(checked.problems.join('; '));
  return checked.plan;
}

describe('what people see at the terminal', () => {
  test('a plan shows what each task does, where, after what, and how it is judged', () => {
    const plan = planOf(
      { id: 'one', title: 'First', instructions: 'i', paths: ['src/**'], checks: ['npm test'] },
      { id: 'two', title: 'Second', instructions: 'i', paths: ['lib/**'], dependsOn: ['one'] },
    );
    expect(showPlan(plan).split('\n')).toEqual([
      '  what is done',
      '  one: First (at most 60 steps)',
      '      paths:  src/**',
      '      checks: npm test',
      '  two: Second (at most 60 steps, after one)',
      '      paths:  lib/**',
    ]);
  });

  test('nothing that a repository or a model wrote can drive the terminal', () => {
    const plan = planOf({ id: 'one', title: HOSTILE, instructions: 'i', paths: ['a'], checks: [HOSTILE] });
    const input = { repository: '/r', goal: HOSTILE, checks: [], requestedBy: HOSTILE };
    const status = viewRefactor(createRefactor('r-1', input, policyOf(), 0));
    for (const text of [showPlan(plan), showStatus(status)]) {
      expect(text).toContain('harmless');
      expect(text).not.toMatch(/[\u001b\u202e]/);
    }
  });

  test('ticks say how far each task is', () => {
    const tasks = (['waiting', 'working', 'integrated', 'failed'] as const).map((status) => ({ id: status, status }));
    const status = { ...viewRefactor(createRefactor('r', { repository: '/r', goal: 'g', checks: [] }, policyOf(), 0)) };
    expect(showTicks({ ...status, tasks } as unknown as typeof status)).toBe(
      '[ ] waiting  [~] working  [x] integrated  [!] failed',
    );
  });

  test('spend is what the agents say now, or what the refactor heard where that is more', () => {
    const spend = { inputTokens: 10, cachedTokens: 0, outputTokens: 5, costUsd: null, modelCalls: 2, acts: 1 };
    const status = viewRefactor(createRefactor('r', { repository: '/r', goal: 'g', checks: [] }, policyOf(), 0));
    const heard = { ...spend, modelCalls: 9 };
    const agents = [{ spend }, { spend }] as never;
    expect(sumSpend({ status, agents, ids: [], log: [] })).toMatchObject({ inputTokens: 20, modelCalls: 4 });
    expect(sumSpend({ status: { ...status, spend: heard }, agents, ids: [], log: [] })).toEqual(heard);
  });

  test('a printed command can be pasted into a shell as it stands', () => {
    expect(shellLine(['cox', 'steer', 'r-1', "don't touch $HOME"])).toBe("cox steer r-1 'don'\\''t touch $HOME'");
    expect(showElapsed(59_400)).toBe('59 s');
    expect(showElapsed(61_000)).toBe('1 min 1 s');
  });
});
