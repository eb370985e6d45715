/** States that an older version stored go on in a new run as if they had been made today. */
import { expect, test } from 'vitest';
import type { AgentState } from '../../src/core/agent/state.ts';
import { advanceAgent } from '../../src/core/agent/advance.ts';
import { receiveForAgent } from '../../src/core/agent/messages.ts';
import { createAgent, nextAgentCommand } from '../../src/core/agent/next.ts';
import { upgradeAgent } from '../../src/core/agent/upgrade.ts';
import type { StoredAgent } from '../../src/core/agent/upgrade.ts';
import type { Control } from '../../src/core/decisions/control.ts';
import type { Finding } from '../../src/core/effects/findings.ts';
import { upgradeRefactor } from '../../src/core/refactor/upgrade.ts';
import type { StoredRefactor } from '../../src/core/refactor/upgrade.ts';
import { viewRefactor } from '../../src/core/views/status.ts';
import { acted, planOf, sha, shell, specOf, thought } from './builders.ts';
import { World } from './world.ts';

/** Decisions as an older version stored them: four kinds are `scope`, and none says its task. */
function older({ fourKinds: _, ...control }: Control): Control {
  const decisions = control.decisions.map(({ task: __, shownAs: ___, ...decision }) => ({
    ...decision,
    kind: ['outside', 'effects', 'integration', 'review'].includes(decision.kind) ? 'scope' : decision.kind,
  }));
  return JSON.parse(JSON.stringify({ ...control, decisions })) as Control;
}

/** An agent of an older version that asks about what its call left. */
function asking(finding: Finding): StoredAgent {
  const began = advanceAgent(createAgent('r/lib.1', specOf()), { kind: 'began', at: 1, head: sha('begin') });
  const called = advanceAgent(began, thought(began, 2, shell('c1', 'echo key > lib/keys.js')));
  const event = acted(called, 3);
  if (event.kind !== 'acted') throw new Error('not an act');
  const state = advanceAgent(called, { ...event, outcome: { ...event.outcome, findings: [finding] } });
  const { host: _h, trouble: _t, permits: _p, authors: _a, reviews: _r, forks: _f, ...stored } = state;
  return { ...stored, control: older(state.control) };
}

test('an agent that asked about a scope is answered about its effects, and keeps what was approved', () => {
  const secret: Finding = {
    kind: 'secret',
    path: 'lib/keys.js',
    line: 1,
    excerpt: '+ key',
    risk: 'high',
    why: 'it looks like a key',
  };
  const stored = asking(secret);
  expect(stored.control.decisions).toMatchObject([{ id: 'lib/effects@1', kind: 'scope' }]);
  const agent: AgentState = upgradeAgent(stored);
  expect(agent.control.decisions).toMatchObject([{ kind: 'effects', shownAs: 'scope', task: 'lib' }]);
  const { answer, state } = receiveForAgent(agent, 'approve', ['lib/effects@1'], 9);
  expect(answer).toMatchObject({ kind: 'applied' });
  expect(state.keptEffects).toHaveLength(1);
  expect(state.permits).toMatchObject([{ decision: { id: 'lib/effects@1', kind: 'effects', shownAs: 'scope' } }]);
  expect(nextAgentCommand(state).kind).toBe('think');
});

test('a refactor that asked about a scope integrates what was approved, and a rejection starts another agent', () => {
  for (const verb of ['approve', 'reject'] as const) {
    const plan = planOf({ id: 'a' });
    const run = new World({ plan, random: () => 0.5, callsPerTask: 1, isOutside: () => true });
    run.settle();
    run.send('approve', 'plan@1');
    run.settle();
    const { authors: _a, reviews: _r, changes: _c, budgetAdded: _b, ...kept } = run.refactor;
    const stored: StoredRefactor = { ...kept, control: older(run.refactor.control) };
    run.refactor = upgradeRefactor(stored);
    expect(viewRefactor(run.refactor).needs).toMatchObject([{ id: 'a/integration@1', kind: 'scope', task: 'a' }]);
    expect(run.send(verb, { decision: 'a/integration@1', note: 'another way' })).toMatchObject({ kind: 'applied' });
    const [work] = run.refactor.tasks;
    expect(work).toMatchObject(
      verb === 'approve' ? { status: 'finished', permits: [{}] } : { status: 'waiting', attempt: 1 },
    );
  }
});
