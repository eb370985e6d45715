import { describe, expect, test } from 'vitest';
import type { Finding } from '../../../src/core/effects/findings.ts';
import { findingKey } from '../../../src/core/effects/findings.ts';
import { nextRefactorCommand } from '../../../src/core/refactor/next.ts';
import { advanceRefactor } from '../../../src/core/refactor/advance.ts';
import type { IntegrateOutcome } from '../../../src/core/refactor/exchange.ts';
import type { Policy } from '../../../src/core/policy/policy.ts';
import { viewRefactor } from '../../../src/core/views/status.ts';
import { planOf, sha } from '../builders.ts';
import { World } from '../world.ts';

const BACKDOOR: Finding = {
  kind: 'obfuscation',
  path: 'a/x.js',
  line: 7,
  excerpt: '+ eval(atob("…"))',
  risk: 'high',
  why: 'it runs what it decodes',
};

/** A refactor whose only task has finished and is about to be integrated. */
function finished(policy: Policy = {}): World {
  const run = new World({ plan: planOf({ id: 'a' }), random: () => 0.5, callsPerTask: 1 }, { policy });
  run.settle();
  run.send('approve', 'plan@1');
  while (nextRefactorCommand(run.refactor).kind !== 'integrate') {
    run.stepRefactor();
    for (const id of run.agents.keys()) run.stepAgent(id);
  }
  return run;
}

function integrated(run: World, outcome: IntegrateOutcome): World {
  run.refactor = advanceRefactor(run.refactor, { kind: 'integrated', at: 99, task: 'a', outcome });
  run.settle();
  return run;
}

const OUTSIDE: IntegrateOutcome = {
  kind: 'outside',
  paths: ['README.md'],
  findings: [{ ...BACKDOOR, kind: 'outside-paths', path: 'README.md', why: 'the task may not change it' }],
};

describe('an approved plan that is not kept', () => {
  test('is asked about before the work is integrated, the bytes first', () => {
    expect(nextRefactorCommand(finished().refactor)).toMatchObject({
      input: { keeps: { paths: ['a/**'], barred: [], allowed: [] }, whole: { base: sha('base'), paths: ['a/**'] } },
    });
    const run = integrated(finished(), OUTSIDE);
    expect(viewRefactor(run.refactor).needs).toMatchObject([
      {
        id: 'a/integration@1',
        kind: 'integration',
        risk: 'high',
        about: expect.stringMatching(/^HIGH outside-paths README\.md/),
      },
    ]);
    expect(nextRefactorCommand(run.refactor).kind).toBe('wait');
  });

  test('is integrated when a person lets it be, and the report says who', () => {
    const run = integrated(finished(), OUTSIDE);
    run.send('approve', { decision: 'a/integration@1', by: 'ann' });
    expect(nextRefactorCommand(run.refactor)).toMatchObject({
      kind: 'integrate',
      input: { key: 'integrate/2', keeps: { allowed: ['README.md'] } },
    });
    expect(run.refactor.deviations).toEqual(['ann let a change README.md']);
  });

  test('is given to another agent when a person does not, or policy denies it', () => {
    const run = integrated(finished(), OUTSIDE);
    run.send('reject', { decision: 'a/integration@1', by: 'ann' });
    for (const held of [run, integrated(finished({ gates: { scope: 'deny' } }), OUTSIDE)]) {
      expect(held.refactor.hold?.reason).toMatch(/Resume to try it with a new agent/);
      expect(viewRefactor(held.refactor).needs).toEqual([]);
      held.send('resume');
      expect(nextRefactorCommand(held.refactor)).toMatchObject({ kind: 'startAgent', id: 'r/a.2' });
    }
  });
});

test('a result that is integrated leaves nothing of what was asked about it and signed: large runs stay small', () => {
  const run = finished();
  const [work] = run.refactor.tasks;
  const agent = run.agents.get('r/a.1');
  if (!work || agent?.outcome?.kind !== 'finished') throw new Error('nothing has finished');
  const about = { head: work.head, outside: ['a signed path'] };
  const approvals = [{ by: 'ann', principal: 'ann', at: 1, bound: true, signed: true }];
  const decision = { id: 'a/outside@1', kind: 'outside' as const, digest: 'd', openedAt: 1, approvals };
  const permits = [{ workflow: 'r/a.1', decision, asked: about }];
  // As its last report has it.
  const tasks = [{ ...work, status: 'working' as const, permits: [] }];
  const agents = run.refactor.agents.map((one) => ({ ...one, status: 'running' as const }));
  const reported = advanceRefactor(
    { ...run.refactor, tasks, agents },
    {
      kind: 'agentReported',
      at: 98,
      report: {
        agent: 'r/a.1',
        task: 'a',
        decisions: [],
        hold: null,
        head: work.head,
        steps: 1,
        spend: agent.spend,
        receipts: [],
        outcome: { ...agent.outcome, permits },
      },
    },
  );
  expect(nextRefactorCommand(reported)).toMatchObject({ kind: 'integrate', input: { permits } });
  expect(JSON.stringify(reported).split('a signed path').length - 1).toBe(1);
  run.refactor = reported;
  integrated(run, merged([]));
  expect(JSON.stringify(run.refactor)).not.toContain('a signed path');
});

const merged = (findings: Finding[]): IntegrateOutcome => ({
  kind: 'merged',
  line: sha('line'),
  tree: sha('tree'),
  changed: 1,
  findings,
});

test('effects that nobody kept are asked about, and once kept they are not asked about again', () => {
  const outcome: IntegrateOutcome = { kind: 'outside', paths: [], findings: [BACKDOOR] };
  const run = integrated(finished(), outcome);
  expect(viewRefactor(run.refactor).needs).toMatchObject([
    { id: 'a/integration@1', about: expect.stringMatching(/^HIGH obfusc/) },
  ]);
  run.send('approve', { decision: 'a/integration@1', by: 'ann' });
  expect(nextRefactorCommand(run.refactor)).toMatchObject({
    kind: 'integrate',
    input: { keeps: { effects: { kept: [findingKey(BACKDOOR)] } } },
  });
  const denied = integrated(finished({ effects: { obfuscation: 'deny' } }), outcome);
  expect(denied.refactor.hold?.reason).toContain('policy denies that: HIGH obfuscation a/x.js:7');
});

describe('the decision on a delivery', () => {
  test('shows what stands out in exactly the commit that would be delivered, within its first lines', () => {
    const many = Array.from({ length: 60 }, (_, index) => ({ ...BACKDOOR, kind: 'unread' as const, line: index }));
    const run = integrated(finished(), merged([...many, BACKDOOR]));
    const [need] = viewRefactor(run.refactor).needs;
    const lines = need?.about.split('\n') ?? [];
    expect(lines[0]).toMatch(/^deliver /);
    expect(lines.slice(0, 20).join('\n')).toContain(
      `HIGH obfuscation a/x.js:7: it runs what it decodes\n    ${BACKDOOR.excerpt}`,
    );
    expect(lines.length).toBeLessThanOrEqual(20);
  });

  test('is not even asked for where policy denies what is in it', () => {
    const run = integrated(finished({ effects: { obfuscation: 'deny' } }), merged([BACKDOOR]));
    expect(run.refactor.outcome).toMatchObject({ kind: 'failed', type: 'Rejected' });
    expect(run.refactor.delivered).toBeNull();
  });
});
