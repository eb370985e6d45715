import { describe, expect, test } from 'vitest';
import { createAgent } from '../../../src/core/agent/next.ts';
import { advanceAgent } from '../../../src/core/agent/advance.ts';
import type { AgentState } from '../../../src/core/agent/state.ts';
import { receiveForAgent } from '../../../src/core/agent/messages.ts';
import type { Verb } from '../../../src/core/decisions/messages.ts';
import { startSchema } from '../../../src/core/decisions/messages.ts';
import { steerText } from '../../../src/core/agent/prompts.ts';
import { createRefactor } from '../../../src/core/refactor/next.ts';
import { advanceRefactor } from '../../../src/core/refactor/advance.ts';
import { takeDescription } from '../../../src/core/refactor/agents.ts';
import { renderReport } from '../../../src/core/views/report.ts';
import { weighRequest } from '../../../src/core/refactor/request.ts';
import { rulesOf } from '../../../src/core/policy/decision-fields.ts';
import { openInRun } from '../../../src/core/decisions/open-decisions.ts';
import { renderSignedText, subjectOfRequest, subjectOfRevision } from '../../../src/core/decisions/signed-text.ts';
import { noteAuthor } from '../../../src/core/decisions/orders.ts';
import { approvalBy, newWorld, PLACE, refactorGate } from '../approval-attacks.ts';
import { planOf, policyOf, sha, shell, specOf, thought } from '../builders.ts';
import { asking, DECISIONS, give, keys, order } from '../signed-orders.ts';
import { plainKeys } from '../signers.ts';

const wheel = sha('wheel');

describe('with signatures required, orders that change files, withdraw or end are decided like decisions', () => {
  test.each<[Verb, object]>([
    ['stop', {}],
    ['resume', { from: wheel }],
    ['rewind', { to: '1' }],
    ['fork', { task: 'a' }],
    ['adoptPolicy', {}],
  ])('%s', async (verb, fields) => {
    const run = newWorld(DECISIONS);
    const before = run.refactor;
    const agent = asking(DECISIONS);
    const still = agent.read();
    for (const [workflow, send] of [
      ['r', async (message: object) => await give(run, verb, message)],
      ['r/a.1', async (message: object) => await agent.give(verb, message)],
    ] as const) {
      const faults = [
        { ...fields, by: 'ann' },
        order('mallory', workflow, verb, { ...fields, by: 'ann' }),
        order('carl', workflow, verb, fields),
        order('ann', 'elsewhere', verb, fields),
        { ...order('ann', workflow, verb, fields), id: 'another' },
        { ...order('ann', workflow, 'pause'), ...fields },
      ];
      for (const fault of faults) expect(await send(fault)).toMatchObject({ kind: 'refused' });
      expect(await send({ ...fields, by: 'ann' })).toMatchObject({ detail: expect.stringContaining('--sign-with') });
    }
    for (const [after, was] of [
      [run.refactor, before],
      [agent.read(), still],
    ] as const) {
      expect({ ...after, control: after.control.decisions, outbox: [] }).toEqual({
        ...was,
        control: was.control.decisions,
        outbox: [],
      });
    }
    // Other tests show what it does; here only its signature counts.
    expect((await give(run, verb, order('ann', 'r', verb, fields))).detail).not.toContain('sign');
  });

  test('anybody who may decide something may give orders, unless policy names approvers for that', async () => {
    const named = [keys.approver('ann', { may: ['plan'] }), keys.approver('bob', { may: ['plan', 'control'] })];
    for (const [approvers, kind] of [
      [[keys.approver('ann', { may: ['plan'] })], 'applied'],
      [named, 'refused'],
    ] as const) {
      const run = newWorld({ signatures: 'required', approvers: [...approvers, keys.approver('all')] });
      expect(await give(run, 'stop', order('ann', 'r', 'stop'))).toMatchObject({ kind });
    }
  });

  test("a pause is everybody's; an unsigned resume ends no signed pause", async () => {
    const run = newWorld(DECISIONS);
    expect(await give(run, 'pause', { by: 'mallory' })).toMatchObject({ kind: 'applied' });
    expect(await give(run, 'resume', { by: 'somebody' })).toMatchObject({ kind: 'applied' });
    expect(await give(run, 'pause', order('ann', 'r', 'pause'))).toMatchObject({ kind: 'applied' });
    expect(await give(run, 'resume', { by: 'ann' })).toMatchObject({
      kind: 'refused',
      detail: expect.stringContaining('ann paused this by signature'),
    });
    // An unsigned pause does not replace a signed one.
    expect(await give(run, 'pause', { by: 'mallory' })).toMatchObject({ kind: 'applied' });
    expect(await give(run, 'resume', { by: 'mallory' })).toMatchObject({ kind: 'refused' });
    expect(await give(run, 'resume', order('bob', 'r', 'resume'))).toMatchObject({ kind: 'applied' });
  });

  test('a pause that was signed at an agent stays when its refactor passes on an unsigned resume', async () => {
    const agent = asking(DECISIONS);
    await agent.give('pause', order('ann', 'r/a.1', 'pause'));
    const passedOn = receiveForAgent(agent.read(), 'resume', [{ by: 'mallory' }], 5, true);
    expect(passedOn.answer).toMatchObject({ kind: 'refused', detail: expect.stringContaining('ann paused this') });
    expect(passedOn.state.control.paused).toMatchObject({ by: 'ann' });
  });

  test('runs from before orders could be signed take them as before', () => {
    const run = newWorld(DECISIONS);
    const { place: _place, ...control } = run.refactor.control;
    run.refactor = { ...run.refactor, control };
    expect(run.send('stop', { by: 'ann' })).toMatchObject({ kind: 'applied' });
  });
});

test('an unsigned steer is told to the model, and in the report, as a claim; a signed one by the name of its key', async () => {
  const agent = asking(DECISIONS);
  await agent.give('steer', { text: 'be quick', by: 'ann' });
  await agent.give('steer', order('bob', 'r/a.1', 'steer', { text: 'be slow', by: 'ann' }));
  expect(agent.read().steers.map(steerText)).toEqual([
    'Steer from somebody who says to be ann (not signed): be quick',
    'Steer from bob, a supervisor: be slow',
  ]);
  const run = newWorld(DECISIONS);
  await give(run, 'steer', { text: 'be quick', by: 'ann' });
  expect(renderReport(run.refactor)).toContain('in the name of `ann` (a claim, not signed): `be quick`');
});

test('steers that nobody takes are bounded, so that the state can be handed on', async () => {
  for (const text of ['left', 'x'.repeat(20_000)]) {
    const run = newWorld({});
    run.refactor = { ...run.refactor, control: { ...run.refactor.control, border: true } };
    const kinds: string[] = [];
    for (let count = 0; count < 130; count += 1) kinds.push((await give(run, 'steer', { text })).kind);
    expect(kinds[0]).not.toBe('refused');
    expect(kinds.at(-1)).toBe('refused');
    expect(JSON.stringify(run.refactor).length).toBeLessThan(600_000);
    const agent = asking({});
    const bordered = { ...agent.read(), control: { ...agent.read().control, border: true as const } };
    let state = bordered;
    for (let count = 0; count < 130; count += 1)
      state = receiveForAgent(state, 'steer', [{ text }], 5, true).state as typeof bordered;
    expect(JSON.stringify(state).length).toBeLessThan(600_000);
  }
});

test('a call that a worker had no warrant for is asked about, in runs that began by these rules', () => {
  const allowed = createAgent('r/a.1', specOf({ policy: policyOf(), refactor: 'r' }));
  const began = advanceAgent({ ...allowed, rules: 2 }, { kind: 'began', at: 1, head: sha('root') });
  const asked = advanceAgent(began, thought(began, 1, shell('c1', 'make')));
  const what = { kind: 'failed' as const, at: 2, what: 'act' as const, type: 'PolicyStricter', reason: 'stricter' };
  const held = advanceAgent(asked, what);
  const again = receiveForAgent(held, 'resume', [], 3).state;
  expect(again.control.decisions).toMatchObject([
    { id: 'lib/call@1', about: expect.stringContaining('stricter policy') },
  ]);
  const { rules: _, ...former } = held;
  expect(receiveForAgent(former, 'resume', [], 3).state.pending).toMatchObject({ gate: 'allowed' });
});

test('a resume that is refused changes nothing, not even the branch that it names', async () => {
  const run = newWorld({});
  const before = run.refactor;
  for (const message of [
    { branch: 'x', setup: 'true' },
    { branch: 'x', from: wheel },
  ]) {
    expect(await give(run, 'resume', message)).toMatchObject({ kind: 'refused' });
    expect(run.refactor).toMatchObject({ branch: before.branch, control: { decisions: before.control.decisions } });
  }
});

describe('where nobody may approve what they asked for,', () => {
  const strict = { ...DECISIONS, selfApproval: 'deny' as const };

  test('who steers is an author too, and no steer is unsigned', async () => {
    const run = newWorld({ ...strict, approvers: [...(DECISIONS.approvers ?? []), keys.approver('rita')] });
    run.refactor = { ...run.refactor, requester: 'rita' };
    expect(await give(run, 'steer', { text: 'left', by: 'renovate' })).toMatchObject({ kind: 'refused' });
    expect(await give(run, 'steer', order('ann', 'r', 'steer', { text: 'left' }))).toMatchObject({ kind: 'applied' });
    const gate = refactorGate(keys, run);
    expect(await gate.send(approvalBy(gate, 'ann'))).toMatchObject({
      kind: 'refused',
      detail: expect.stringContaining('decisions.selfApproval'),
    });
    expect(await gate.send(approvalBy(gate, 'bob'))).toMatchObject({ kind: 'applied' });
  });

  test('who writes a plan is an author too, by the name of the key that signed it', async () => {
    const run = newWorld(strict);
    const plan = planOf({ id: 'z' });
    const current = { version: 1, digest: run.refactor.plan?.digest ?? '' };
    const revision = { id: 'revision', version: 1, plan, by: 'carl' };
    const signed = keys.sign('ann', subjectOfRevision('r', current, plan, PLACE), 'revisePlan', revision);
    expect(await give(run, 'revisePlan', signed)).toMatchObject({ kind: 'applied' });
    expect(run.refactor.authors).toEqual(['ann']);
  });

  test('who answers an agent is an author there, and stays one when the agent is ended from outside', async () => {
    const agent = asking(strict);
    expect(noteAuthor(agent.read(), { verb: 'answer', text: 'left', by: 'ann' })).toMatchObject({ authors: ['ann'] });
    const run = newWorld(strict);
    const agents = run.refactor.agents.map((one) => ({
      ...one,
      status: 'running' as const,
      report: one.report && { ...one.report, authors: ['ann'] },
    }));
    expect(agents).toMatchObject([{ report: { authors: ['ann'] } }]);
    const { rules: _, ...former } = agent.read();
    expect(noteAuthor(former as AgentState, { verb: 'answer', text: 'left', by: 'ann' })).toMatchObject({
      authors: [],
    });
    const ended = takeDescription({ ...run.refactor, agents }, 5, { id: 'r/plan.1', found: 'missing', result: null });
    expect(ended.agents).toMatchObject([{ status: 'ended', report: { authors: ['ann'] } }]);
  });

  test('who takes the wheel of an agent is an author there, and its refactor hears of it', async () => {
    const agent = asking(strict);
    await agent.give('resume', order('ann', 'r/a.1', 'resume', { from: wheel }));
    expect(agent.read()).toMatchObject({ wheel, authors: ['ann'], outbox: [{ authors: ['ann'] }] });
  });

  const input = { repository: '/repo', goal: 'g', requestedBy: 'ann' };
  const expiresAt = '2026-06-01T01:00:00Z';
  const at = Date.parse('2026-06-01T00:00:00Z');
  const started = (start: object, place = PLACE): ReturnType<typeof createRefactor> => {
    const run = createRefactor('r', startSchema.parse(start), policyOf(), at);
    return { ...run, policyFrom: null, control: openInRun(run.control, place) };
  };
  const signStart = (who: string, start: object, more: object = {}): object => {
    const subject = subjectOfRequest('r', PLACE.namespace, startSchema.parse(start));
    const text = renderSignedText(subject, { verb: 'request', expiresAt });
    return { ...start, expiresAt, signature: keys.signText(who, text), ...more };
  };
  const read = { commit: sha('base'), policy: policyOf({ decisions: strict }) };
  /** The run after its policy was read and its start was verified, as in a workflow. */
  const open = async (start: object, place = PLACE): Promise<ReturnType<typeof createRefactor>> => {
    const state = started(start, place);
    const weighing = weighRequest(state, rulesOf(read.policy));
    const request =
      weighing.kind === 'verify'
        ? { request: { question: weighing.question, verdict: await plainKeys.verify(weighing.question) } }
        : {};
    return advanceRefactor(state, { kind: 'policyRead', at, read, ...request });
  };

  test('a start that is not signed by its requester does not begin', async () => {
    for (const [start, why] of [
      [input, 'cox run --sign-with'],
      [{ ...input, requestedBy: 'renovate-bot' }, 'cox run --sign-with'],
      [signStart('mallory', input), 'does not count'],
      [signStart('bob', input), 'but bob signed the start'],
      [signStart('ann', input, { goal: 'another' }), 'does not count'],
      [signStart('ann', input, { expiresAt: '2026-07-01T00:00:00Z' }), 'does not count'],
      [signStart('ann', input, { expiresAt: undefined }), 'expiresAt'],
    ] as const) {
      const { outcome } = await open(start);
      expect(outcome).toMatchObject({ kind: 'failed', reason: expect.stringContaining(why) });
    }
    expect((await open(signStart('ann', input), { ...PLACE, namespace: 'other' })).outcome).toMatchObject({
      kind: 'failed',
    });
  });

  test("its requester is the key's, and can't approve", async () => {
    const run = newWorld(strict);
    run.refactor = { ...run.refactor, requester: 'ann' };
    const gate = refactorGate(keys, run);
    expect(await gate.send(approvalBy(gate, 'ann'))).toMatchObject({ kind: 'refused' });
    const { requestedBy: _claim, ...unnamed } = input;
    expect(await open(signStart('ann', unnamed))).toMatchObject({ requester: 'ann', outcome: null });
    // A person who may decide nothing may still request a refactor.
    expect(await open(signStart('carl', unnamed))).toMatchObject({ requester: 'carl', outcome: null });
  });
});
