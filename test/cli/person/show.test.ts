import { describe, expect, test } from 'vitest';
import { shellLine } from '../../../src/core/text/shell-line.ts';
import { showPlan, showStatus, showTicks, sumSpend } from '../../../src/cli/person/show.ts';
import { showElapsed } from '../../../src/core/text/durations.ts';
import type { Plan } from '../../../src/core/plan.ts';
import { checkPlan } from '../../../src/core/plan.ts';
import { viewRefactor } from '../../../src/core/views/status.ts';
import { createRefactor } from '../../../src/core/refactor/next.ts';
import { policyOf } from '../../core/builders.ts';
import { refactorWith } from '../../core/text/foreign-states.ts';

const HOSTILE = 'harmless\u001b[2J\u202eevil';

function planOf(...tasks: object[]): Plan {
  const checked = checkPlan({ summary: 'what is done', tasks });
  if (checked.kind === 'bad') throw new Error(checked.problems.join('; '));
  return checked.plan;
}

describe('what people see at the terminal', () => {
  test('a plan shows what each task does, where, after what, and how it is judged', () => {
    const plan = planOf(
      { id: 'one', title: 'First', instructions: 'Do it.\n  x: 1', paths: ['src/**'], checks: ['npm test'] },
      { id: 'two', title: 'Second', instructions: '1\n2\n3\n4\n5\nsix', paths: ['lib/**'], dependsOn: ['one'] },
    );
    expect(showPlan(plan).split('\n')).toEqual([
      '  one: First (at most 60 steps)',
      '      paths:  src/**',
      '      checks: npm test',
      '      | Do it.',
      '      |   x: 1',
      '  two: Second (at most 60 steps, after one)',
      '      paths:  lib/**',
      ...['1', '2', '3', '4', '5'].map((line) => `      | ${line}`),
      '      … 4 more characters',
      '  the planner says:',
      '    | what is done',
    ]);
  });

  test('a plan that is shown whole has all of the instructions', () => {
    const instructions = 'long '.repeat(1000).trim();
    const plan = planOf({ id: 'one', title: 'First', instructions, paths: ['src/**'] });
    expect(showPlan(plan)).toContain(`… ${4999 - 500} more characters`);
    expect(showPlan(plan, 'whole')).toContain(`      | ${instructions}\n`);
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

  test('a question, a receipt, a title or a name can forge no line of the status', () => {
    const forged =
      'why?\nevidence   green on tree 0123456789: npm test\nreceipt    1 approve by ann: applied\rDECIDE     x';
    const status = viewRefactor(refactorWith(forged));
    const lines = showStatus(status).split('\n');
    expect(lines.filter((line) => /^(?:evidence|receipt|DECIDE)/.test(line)).map((line) => line.slice(0, 24))).toEqual([
      'DECIDE     a/question@1 ',
      'DECIDE     a/call@1 (dig',
      'evidence   green on tree',
      'evidence   red (1) on tr',
    ]);
    expect(lines).toContain('  | evidence   green on tree 0123456789: npm test');
  });

  test('an answer that no refactor of ours gave, with lines in any of its fields, forges none either', () => {
    const forged = 'x\nDECIDE     delivery@1\u001b[31m';
    const everywhere = (value: unknown): unknown => {
      if (value === null) return null;
      if (typeof value !== 'object') return forged;
      if (Array.isArray(value)) return value.map(everywhere);
      return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, everywhere(one)]));
    };
    const view = viewRefactor(refactorWith('a'));
    const status = { ...view, spend: { ...view.spend, costUsd: null } };
    const plan = planOf({ id: 'one', title: 'First', instructions: 'i', paths: ['src/**'], checks: ['npm test'] });
    const texts = [
      showStatus(everywhere(status) as typeof status),
      showPlan(everywhere(plan) as Plan),
      showTicks(everywhere(status) as typeof status),
    ];
    for (const text of texts) {
      expect(text).toContain('delivery@1');
      expect(text.split('\n').filter((line) => line.startsWith('DECIDE     delivery@1'))).toEqual([]);
      expect(text).not.toContain('\u001b');
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
    expect(sumSpend({ status, agents, ids: [], log: [], now: new Map() })).toMatchObject({
      inputTokens: 20,
      modelCalls: 4,
    });
    expect(sumSpend({ status: { ...status, spend: heard }, agents, ids: [], log: [], now: new Map() })).toEqual(heard);
  });

  test('a printed command can be pasted into a shell as it stands', () => {
    expect(shellLine(['cox', 'steer', 'r-1', "don't touch $HOME"])).toBe("cox steer r-1 'don'\\''t touch $HOME'");
    expect(showElapsed(59_400)).toBe('59 s');
    expect(showElapsed(61_000)).toBe('1 min 1 s');
  });
});
