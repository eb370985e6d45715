/** Files that are left out when a task's result is integrated: what is kept, and what is checked again. */
import { describe, expect, test } from 'vitest';
import type { Finding } from '../../../src/core/effects/findings.ts';
import { findingKey } from '../../../src/core/effects/findings.ts';
import type { Permit } from '../../../src/core/decisions/permits.ts';
import { permittedBy } from '../../../src/core/decisions/permits.ts';
import type { IntegrateOutcome } from '../../../src/core/refactor/exchange.ts';
import type { Policy } from '../../../src/core/policy/policy.ts';
import { checkInputOf, nextRefactorCommand } from '../../../src/core/refactor/next.ts';
import { advanceRefactor } from '../../../src/core/refactor/advance.ts';
import { viewRefactor } from '../../../src/core/views/status.ts';
import { planOf, sha } from '../builders.ts';
import { World } from '../world.ts';

const LINT = 'npm run lint';
const outside = (path: string): Finding => ({
  kind: 'outside-paths',
  path,
  excerpt: '+ x',
  risk: 'high',
  why: 'the task may not change it',
});
const OUTSIDE: IntegrateOutcome = {
  kind: 'outside',
  paths: ['README.md', 'package.json'],
  findings: [outside('README.md'), outside('package.json')],
};
const MERGED: IntegrateOutcome = { kind: 'merged', line: sha('line'), tree: sha('tree'), changed: 1 };

/** A refactor whose only task has a check of its own, and changed more than its plan allows. */
function asked(policy: Policy = {}, outcome: IntegrateOutcome = OUTSIDE): World {
  const plan = planOf({ id: 'a' });
  const tasks = plan.tasks.map((task) => ({ ...task, checks: [LINT] }));
  const script = { plan: { ...plan, tasks }, random: () => 0.5, callsPerTask: 1, checks: ['npm test'] };
  const run = new World(script, { policy });
  run.settle();
  run.send('approve', 'plan@1');
  untilIntegration(run);
  return integrated(run, outcome);
}

function untilIntegration(run: World): void {
  while (nextRefactorCommand(run.refactor).kind !== 'integrate') {
    run.stepRefactor();
    for (const id of run.agents.keys()) run.stepAgent(id);
  }
}

function integrated(run: World, outcome: IntegrateOutcome): World {
  run.refactor = advanceRefactor(run.refactor, { kind: 'integrated', at: 99, task: 'a', outcome });
  run.settle();
  return run;
}

function integrateInput(run: World): Record<string, unknown> & { message: string } {
  const command = nextRefactorCommand(run.refactor);
  if (command.kind !== 'integrate') throw new Error(`it does not integrate: ${command.kind}`);
  return { ...command.input };
}

describe('approved without some files, a result', () => {
  const approval = { decision: 'a/integration@1', leaveOut: ['package.json'], by: 'ann' };

  test('is integrated without them: they are not among what was kept, and the permit says what was left out', () => {
    const run = asked();
    const head = run.refactor.tasks[0]?.head;
    expect(run.send('approve', approval)).toMatchObject({ kind: 'applied' });
    const input = integrateInput(run);
    expect(input).toMatchObject({
      key: 'integrate/2',
      keeps: { allowed: ['README.md'], effects: { kept: [findingKey(outside('README.md'))] } },
      permits: [{ workflow: 'r', asked: { head }, leaveOut: ['package.json'] }],
    });
    expect(run.refactor.deviations).toEqual(['ann let a change README.md', 'ann left out of a: package.json']);
  });

  test('rests on no evidence of its agent: that is of another tree, so its checks are run on the line', () => {
    const run = asked();
    expect(integrateInput(integratedWhole()).message).toMatch(/^Coxswain-Check: green on tree .*: npm run lint$/m);
    run.send('approve', approval);
    const { message } = integrateInput(run);
    expect(message).not.toContain('Coxswain-Check');
    expect(message).toMatch(/^Coxswain-Left-Out: package\.json$/m);
    integrated(run, MERGED);
    expect(run.refactor.evidence.map(({ command, commit }) => [command, commit])).toEqual([
      ['npm test', sha('line')],
      [LINT, sha('line')],
    ]);
    expect(viewRefactor(run.refactor).needs[0]?.about).toContain(
      '1 tasks, left out of a: package.json, 2 of 2 checks green',
    );
  });

  test('has its own checks mended on the line where they are red without these files', () => {
    const run = asked();
    run.send('approve', approval);
    run.refactor = advanceRefactor(run.refactor, { kind: 'integrated', at: 99, task: 'a', outcome: MERGED });
    expect(nextRefactorCommand(run.refactor)).toEqual({ kind: 'check', commit: sha('line') });
    const { checks } = checkInputOf(run.refactor, sha('line'));
    const evidence = checks.map((command) => ({
      command,
      exitCode: 1,
      green: command !== LINT,
      commit: sha('line'),
      tree: sha('tree'),
      tail: 'gone',
      outputDigest: 'd',
      durationMs: 1,
      isolation: 'bwrap' as const,
    }));
    run.refactor = advanceRefactor(run.refactor, { kind: 'checked', at: 100, commit: sha('line'), evidence });
    expect(nextRefactorCommand(run.refactor)).toMatchObject({
      kind: 'startAgent',
      spec: { kind: 'repair', checks: ['npm test', LINT] },
    });
  });

  test('of which all was left out adds no checks to the line: they would have it made again', () => {
    const run = asked();
    run.send('approve', { ...approval, leaveOut: ['**'] });
    run.refactor = advanceRefactor(run.refactor, {
      kind: 'integrated',
      at: 99,
      task: 'a',
      outcome: { kind: 'unchanged' },
    });
    expect(run.refactor.tasks).toMatchObject([{ status: 'integrated', leftOut: { paths: ['**'] } }]);
    expect(checkInputOf(run.refactor, sha('line')).checks).toEqual(['npm test']);
  });

  test('that another agent merges has these files left out in its commit and at the delivery still', () => {
    const run = asked();
    run.send('approve', approval);
    const conflict: IntegrateOutcome = { kind: 'conflict', tree: sha('marks'), files: ['README.md'] };
    run.refactor = advanceRefactor(run.refactor, { kind: 'integrated', at: 99, task: 'a', outcome: conflict });
    untilIntegration(run);
    expect(run.refactor.tasks[0]).toMatchObject({ kind: 'merge', attempt: 2 });
    expect(integrateInput(run).message).toMatch(/^Coxswain-Left-Out: package\.json$/m);
    integrated(run, MERGED);
    expect(viewRefactor(run.refactor).needs[0]?.about).toContain('1 tasks, left out of a: package.json, ');
  });

  test('that is kept whole has no checks run twice', () => {
    const run = integratedWhole();
    integrated(run, MERGED);
    expect(run.refactor.evidence.map(({ command }) => command)).toEqual(['npm test']);
  });

  function integratedWhole(): World {
    const run = asked();
    run.send('approve', { decision: 'a/integration@1', by: 'ann' });
    return run;
  }

  test('leaves out what any of those who approved left out', () => {
    const run = asked({ decisions: { quorum: { scope: 2 } } });
    run.send('approve', approval);
    expect(viewRefactor(run.refactor).needs).toMatchObject([{ approvals: '1 of 2: ann' }]);
    run.send('approve', { decision: 'a/integration@1', by: 'bob' });
    expect(integrateInput(run)).toMatchObject({
      keeps: { allowed: ['README.md'] },
      permits: [{ leaveOut: ['package.json'] }],
    });
  });

  test('keeps no pattern that means what was left out: that could be written again unasked', () => {
    const findings = [outside('vendor/f1.js'), outside('vendor/f3.js')];
    const run = asked({}, { kind: 'outside', paths: ['vendor/**', 'docs/**', 'vendor.txt'], findings });
    run.send('approve', { ...approval, leaveOut: ['vendor/f3.js'] });
    const { keeps, permits } = integrateInput(run);
    expect(keeps).toMatchObject({
      allowed: ['docs/**', 'vendor.txt'],
      effects: { kept: [findingKey(outside('vendor/f1.js'))] },
    });
    expect(permittedBy(permits as Permit[])).toEqual({
      paths: ['docs/**', 'vendor.txt'],
      effects: [findingKey(outside('vendor/f1.js'))],
    });
  });

  test('of which all that was asked about is left out changes nothing but what its plan says', () => {
    const run = asked();
    run.send('approve', { ...approval, leaveOut: ['*.md', 'package.json'] });
    expect(integrateInput(run)).toMatchObject({ keeps: { allowed: [], effects: { kept: [] } } });
    expect(run.refactor.deviations).toEqual(['ann left out of a: *.md, package.json']);
  });
});

describe('nothing is left out, and nothing is decided', () => {
  const refusedBy = (run: World, message: object): string => {
    const open = viewRefactor(run.refactor).needs.map(({ id }) => id);
    const { kind, detail } = run.send('approve', { by: 'ann', ...message });
    expect(kind).toBe('refused');
    expect(viewRefactor(run.refactor).needs.map(({ id }) => id)).toEqual(open);
    return detail;
  };

  test('by a path that is none of what was asked about: all of that would be kept', () => {
    const detail = refusedBy(asked(), { decision: 'a/integration@1', leaveOut: ['README.md', 'packge.json'] });
    expect(detail).toBe(
      'a/integration@1 is not about packge.json, so all of it would be kept. It is about: README.md, package.json',
    );
  });

  test('by a pattern that nobody can read', () => {
    expect(refusedBy(asked(), { decision: 'a/integration@1', leaveOut: ['@(README.md)'] })).toContain("can't be read");
  });

  test('of a result that its reviewer doubts, of a plan, or in an older run', () => {
    const plan = planOf({ id: 'a' });
    const run = new World({ plan, random: () => 0.5, callsPerTask: 1 });
    run.settle();
    expect(refusedBy(run, { decision: 'plan@1', leaveOut: ['a'] })).toContain('plan@1: this is a plan');
    const doubted = asked();
    doubted.send('approve', { decision: 'a/integration@1', by: 'ann' });
    const review = {
      task: 'a',
      head: sha('x'),
      missing: null,
      model: 'm',
      usage: null,
      verdict: {
        risk: 'high' as const,
        suspicion: 1,
        rationale: 'odd',
      },
    };
    doubted.refactor = advanceRefactor(doubted.refactor, { kind: 'reviewed', at: 99, review });
    expect(refusedBy(doubted, { decision: 'a/review@1', leaveOut: ['README.md'] })).toBe(
      'a/review@1: a reviewer doubts this result as a whole, so nothing can be left out of it: approve it, or reject it with a note',
    );
    const before = asked();
    const { leavesOut: _, ...rest } = before.refactor;
    before.refactor = rest;
    expect(refusedBy(before, { decision: 'a/integration@1', leaveOut: ['README.md'] })).toContain(
      "only of the changes of an agent's call",
    );
  });
});

test('what each answer does says that files can be left out, where they can', () => {
  const [need] = viewRefactor(asked().refactor).needs;
  expect(need?.does).toMatchObject({
    approve: 'the result is integrated with all that it changed, but for files that you leave out (leaveOut)',
    part: 'the result is integrated, but the files that you name are as before it; checks run again',
  });
});
