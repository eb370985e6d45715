import { describe, expect, test } from 'vitest';
import { advanceRefactor } from '../../../src/core/refactor/advance.ts';
import { nextRefactorCommand } from '../../../src/core/refactor/next.ts';
import type { RefactorStatus } from '../../../src/core/views/status.ts';
import { viewRefactor } from '../../../src/core/views/status.ts';
import { countTime } from '../../../src/core/refactor/working-time.ts';
import { evidence, planOf, sha } from '../builders.ts';
import { World } from '../world.ts';

type Change = Partial<ConstructorParameters<typeof World>[0]>;

function world(change: Change = {}, input: ConstructorParameters<typeof World>[1] = {}): World {
  const plan = planOf({ id: 'a' }, { id: 'b', dependsOn: ['a'] });
  return new World({ plan, random: () => 0.5, callsPerTask: 1, ...change }, input);
}

/** Approves all open decisions of other kinds until one of this kind is open. */
function untilAsked(run: World, kind: string): RefactorStatus['needs'][number] {
  for (let round = 0; round < 50; round++) {
    run.settle();
    const { needs } = viewRefactor(run.refactor);
    const found = needs.find((need) => need.kind === kind);
    if (found) return found;
    for (const { id } of needs) run.send('approve', id);
  }
  throw new Error(`nobody asked for a ${kind}: ${JSON.stringify(viewRefactor(run.refactor))}`);
}

/** The agents' instructions, by id. */
function instructionsOf(run: World, agent: string): string {
  return run.agents.get(agent)?.spec.instructions ?? '';
}

describe('a rejection asks for changes, and never ends the run', () => {
  test('of a delivery: an agent works on the note from the integrated line, then the new line is asked about', () => {
    const run = world();
    const first = untilAsked(run, 'delivery');
    const { line } = run.refactor;
    expect(first.does).toMatchObject({ reject: expect.stringContaining('an agent changes'), note: 'required' });
    const answer = run.send('reject', { decision: first.id, note: 'name it better', by: 'ann' });
    expect(answer).toEqual({ kind: 'applied', detail: 'delivery@1 rejected', receipt: expect.any(String) });
    const second = untilAsked(run, 'delivery');
    expect(second.id).toBe('delivery@2');
    expect(second.digest).not.toBe(first.digest);
    expect(run.agents.get('r/changes-1.1')?.spec).toMatchObject({ start: line, paths: ['a/**', 'b/**'] });
    expect(instructionsOf(run, 'r/changes-1.1')).toContain('ann looked at the integrated work');
    expect(instructionsOf(run, 'r/changes-1.1')).toContain('name it better');
    run.send('approve', 'delivery@2');
    run.settle();
    expect(run.done).toBe('done');
    expect(run.deliveries).toHaveLength(1);
  });

  test('of a delivery twice, also where the changes change nothing and a task has their name', () => {
    const run = world({ plan: planOf({ id: 'changes-1' }) });
    untilAsked(run, 'delivery');
    run.send('reject', { decision: 'delivery@1', note: 'one' });
    while (nextRefactorCommand(run.refactor).kind !== 'integrate') {
      run.stepRefactor();
      for (const id of run.agents.keys()) run.stepAgent(id);
    }
    const unchanged = { kind: 'unchanged' as const };
    run.refactor = advanceRefactor(run.refactor, { kind: 'integrated', at: 99, task: 'changes-2', outcome: unchanged });
    expect(untilAsked(run, 'delivery').id).toBe('delivery@2');
    run.send('reject', { decision: 'delivery@2', note: 'two' });
    untilAsked(run, 'delivery');
    expect([...run.agents.keys()]).toEqual(['r/plan.1', 'r/changes-1.1', 'r/changes-2.1', 'r/changes-3.1']);
  });

  test('of a delivery with checks that were accepted as red: they do not hold the agent, and are asked about again', () => {
    const run = world({ checks: ['red', 'green'], isRed: () => true });
    untilAsked(run, 'delivery');
    expect(run.refactor.redAccepted).toBe(true);
    run.send('reject', { decision: 'delivery@1', note: 'more' });
    run.settle();
    expect(run.agents.get('r/changes-1.1')?.spec.checks).toEqual([]);
    expect(untilAsked(run, 'checks').id).toBe('checks@2');
    expect(run.refactor.repairs).toBe(2);
  });

  test('of red checks: an agent works on them once more with the note', () => {
    let isRed = true;
    const run = world({ checks: ['npm test'], isRed: () => isRed });
    untilAsked(run, 'checks');
    isRed = false;
    run.send('reject', { decision: 'checks@1', note: 'the fixture is old', by: 'ann' });
    expect(untilAsked(run, 'delivery').about).toContain('1 of 1 checks green');
    expect(instructionsOf(run, 'r/changes-1.1')).toMatch(/the fixture is old[^]*\$ npm test\nexit status 1\nboom/);
  });

  test('of a red base: the planner is told what to do first', () => {
    const run = world({ checks: ['npm test'] });
    while (nextRefactorCommand(run.refactor).kind !== 'prepare') run.stepRefactor();
    const prepared = {
      commit: sha('base'),
      tree: sha('tree'),
      baseBranch: 'main',
      evidence: [evidence('npm test', false)],
      isolation: 'bwrap' as const,
      notes: [],
    };
    run.refactor = advanceRefactor(run.refactor, { kind: 'prepared', at: 9, prepared });
    run.settle();
    expect(run.agents.size).toBe(0);
    run.send('reject', { decision: 'baseline@1', note: 'mend the tests', by: 'ann' });
    run.settle();
    expect(instructionsOf(run, 'r/plan.1')).toMatch(/ann does not want to go on[^]*mend the tests[^]*\$ npm test/);
    expect(viewRefactor(run.refactor).needs).toMatchObject([{ id: 'plan@1' }]);
  });

  test('of a choice: none of the agents counts, and another one tries with the note', () => {
    const run = world({ callsPerTask: 2 });
    untilAsked(run, 'plan');
    run.send('approve', 'plan@1');
    while (!run.agents.has('r/a.1')) run.stepRefactor();
    while (run.agents.get('r/a.1')?.checkpoints.length !== 1) run.stepAgent('r/a.1');
    run.send('fork', { task: 'a', text: 'otherwise' });
    untilAsked(run, 'choice');
    const answer = run.send('reject', { decision: 'a/choice@1', note: 'both are wrong', by: 'ann' });
    expect(answer).toMatchObject({ kind: 'applied' });
    untilAsked(run, 'delivery');
    expect(instructionsOf(run, 'r/a.3')).toContain('ann rejected what was made of this before: both are wrong');
    expect(run.refactor.tasks.find(({ task }) => task.id === 'a')?.head).toBe(run.agents.get('r/a.3')?.head);
  });

  test('of a result beyond the plan: with a note another agent tries at once, without one when somebody resumes', () => {
    let isOutside = true;
    const run = world({ isOutside: () => isOutside });
    untilAsked(run, 'integration');
    run.send('reject', { decision: 'a/integration@1' });
    expect(viewRefactor(run.refactor).hold).toMatch(/Resume to try it with a new agent/);
    run.send('resume');
    untilAsked(run, 'integration');
    run.send('reject', { decision: 'a/integration@2', note: 'stay inside', by: 'ann' });
    expect(viewRefactor(run.refactor).hold).toBeNull();
    isOutside = false;
    untilAsked(run, 'delivery');
    expect(instructionsOf(run, 'r/a.3')).toContain('stay inside');
  });

  test('and who asked for the changes has guided the work, so that policy may want another to approve it', () => {
    const policy = { decisions: { selfApproval: 'deny' as const } };
    const run = world({}, { policy, requestedBy: 'zoe' });
    untilAsked(run, 'plan');
    expect(run.send('reject', { decision: 'plan@1', note: 'smaller', by: 'ann' })).toMatchObject({ kind: 'applied' });
    run.settle();
    expect(run.send('approve', { decision: 'plan@2', by: 'ann' })).toMatchObject({
      kind: 'refused',
      detail: expect.stringContaining('decisions.selfApproval'),
    });
    expect(run.send('approve', { decision: 'plan@2', by: 'bob' })).toMatchObject({ kind: 'applied' });
  });

  test('without a note it is refused, and says how to ask for changes and how to end', () => {
    const run = world();
    for (const kind of ['plan', 'delivery']) {
      const { id } = untilAsked(run, kind);
      const answer = run.send('reject', { decision: id, by: 'ann' });
      expect(answer).toMatchObject({
        kind: 'refused',
        detail: `a rejection of ${id} asks for changes, so say which: {"decision":"${id}","note":"…"}. To end the run, send stop`,
      });
      expect(viewRefactor(run.refactor).needs).toMatchObject([{ id }]);
    }
  });

  test('and in a run that began before, it ends the run as it did then, which is said', () => {
    const run = world();
    untilAsked(run, 'delivery');
    const { rejectsForChanges: _, ...former } = run.refactor;
    run.refactor = former;
    expect(viewRefactor(run.refactor).needs[0]?.does?.reject).toMatch(/^ends the refactor as failed/);
    run.send('reject', { decision: 'delivery@1', note: 'no', by: 'ann' });
    expect(run.refactor.outcome).toEqual({ kind: 'failed', type: 'Rejected', reason: 'ann rejected delivery@1: no' });
  });
});

describe('a budget that is refused', () => {
  test('of tokens: what is done is offered, and says what is left out', () => {
    const usage = { inputTokens: 30_000, cachedTokens: 0, outputTokens: 1000, costUsd: 0 };
    const run = world({ usage: () => usage }, { policy: { budget: { tokens: 117_000 } } });
    const { id } = untilAsked(run, 'budget');
    expect(run.refactor.tasks.map(({ status }) => status)).toEqual(['integrated', 'waiting']);
    expect(run.send('reject', { by: 'ann' })).toMatchObject({
      kind: 'refused',
      detail: expect.stringContaining(`name the decision that you looked at: {"decision":"${id}"}`),
    });
    run.send('reject', { decision: id, by: 'ann' });
    const { about } = untilAsked(run, 'delivery');
    expect(about).toContain('1 tasks, left out since no more budget was given: b');
    run.send('approve', 'delivery@1');
    run.settle();
    expect(run.done).toBe('done');
    expect(run.refactor.deviations).toEqual(['ann gave no more budget; left out: b']);
  });

  test('of time: agents at work are stopped, and what is done is offered', () => {
    const run = world({}, { policy: { budget: { minutes: 10 } } });
    run.refactor = countTime(run.refactor, 0);
    untilAsked(run, 'plan');
    run.send('approve', 'plan@1');
    run.refactor = countTime(run.refactor, 60_000);
    while (!run.agents.has('r/b.1')) {
      run.stepRefactor();
      for (const id of run.agents.keys()) run.stepAgent(id);
    }
    run.refactor = countTime(run.refactor, 700_000);
    run.settle();
    run.send('reject', { decision: 'time@1', by: 'ann' });
    run.refactor = countTime(run.refactor, 800_000);
    expect(untilAsked(run, 'delivery').about).toContain('left out since no more budget was given: b');
    expect(run.agents.get('r/b.1')?.outcome).toMatchObject({ kind: 'stopped' });
  });
});

describe('a decision without an id', () => {
  test('is refused where it delivers: what is open may be another than what was looked at', () => {
    const run = world();
    untilAsked(run, 'delivery');
    expect(run.send('approve', { by: 'ann' })).toMatchObject({
      kind: 'refused',
      detail: expect.stringContaining('name the decision that you looked at: {"decision":"delivery@1"}'),
    });
    const { digest } = untilAsked(run, 'delivery');
    expect(run.send('approve', { digest, by: 'ann' })).toMatchObject({ kind: 'applied' });
  });
});

describe('an id', () => {
  test('counts once for one message, and another message under it is refused', () => {
    const run = world();
    run.send('steer', { text: 'use tabs', id: 'm1', by: 'ann' });
    expect(run.send('steer', { text: 'use tabs', id: 'm1', by: 'ann' })).toMatchObject({ kind: 'applied' });
    const refusal = {
      kind: 'refused',
      detail: 'the id "m1" was used already, for another message: send this one under an id of its own',
    };
    expect(run.send('steer', { text: 'use blanks', id: 'm1', by: 'ann' })).toMatchObject(refusal);
    expect(run.send('pause', { id: 'm1' })).toMatchObject(refusal);
    expect(run.refactor.heldSteers.map(({ text }) => text)).toEqual(['use tabs']);
    expect(run.refactor.control.paused).toBeNull();
    expect(run.refactor.control.receipts.map(({ state }) => state)).toEqual(['accepted', 'refused', 'refused']);
  });
});

describe('a steer when all work is done', () => {
  test('is refused at the gate of the delivery, and says what becomes work', () => {
    const run = world();
    untilAsked(run, 'delivery');
    const answer = run.send('steer', { text: 'use tabs', by: 'ann' });
    expect(answer).toMatchObject({
      kind: 'refused',
      detail:
        'no agent works any more, and delivery@1 waits: reject it with these words as its note, and an agent works on them',
    });
    expect(run.refactor.heldSteers).toEqual([]);
    run.send('approve', 'delivery@1');
    expect(run.send('steer', { text: 'use tabs' })).toMatchObject({
      kind: 'refused',
      detail: expect.stringContaining('the delivery was approved by unknown'),
    });
  });

  test('but before any gate is open, it becomes work before the delivery is asked about', () => {
    const run = world({ checks: ['npm test'] });
    untilAsked(run, 'plan');
    run.send('approve', 'plan@1');
    while (nextRefactorCommand(run.refactor).kind !== 'check') {
      run.stepRefactor();
      for (const id of run.agents.keys()) run.stepAgent(id);
    }
    expect(run.send('steer', { text: 'use tabs', by: 'ann', id: 's1' })).toMatchObject({ kind: 'applied' });
    untilAsked(run, 'delivery');
    expect(instructionsOf(run, 'r/changes-1.1')).toContain('use tabs');
    const receipt = run.refactor.control.receipts.find(({ id }) => id === 's1');
    expect(receipt).toMatchObject({ state: 'delivered' });
  });
});
