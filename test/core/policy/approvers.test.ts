import { describe, expect, test } from 'vitest';
import type { DecisionRules } from '../../../src/core/policy/approvers.ts';
import { receiveForRefactor } from '../../../src/core/refactor/messages.ts';
import type { Policy } from '../../../src/core/policy/policy.ts';
import { renderReport } from '../../../src/core/views/report.ts';
import type { Subject } from '../../../src/core/decisions/signed-text.ts';
import { renderSignedText, subjectOfEarlyChoice, subjectOfOrder } from '../../../src/core/decisions/signed-text.ts';
import { viewRefactor } from '../../../src/core/views/status.ts';
import { canonicalRepository } from '../../../src/core/place.ts';
import type { MessageResult } from '../../../src/core/decisions/receipts.ts';
import { approvalBy, decisionsOf, newWorld, openAt, PLACE, refactorGate } from '../approval-attacks.ts';
import { planOf } from '../builders.ts';
import { Keys, plainKeys } from '../signers.ts';
import { World } from '../world.ts';

const keys = new Keys(plainKeys);

/** A refactor whose plan waits for its decision, under these rules. */
function planned(decisions: Policy['decisions'], requestedBy?: string): World {
  const script = { plan: planOf({ id: 'a' }), random: () => 0.5, callsPerTask: 1 };
  const run = new World(script, { policy: { decisions }, ...(requestedBy === undefined ? {} : { requestedBy }) });
  run.settle();
  return run;
}

describe('a quorum', () => {
  test('counts each person once, shows how many there are, and is reached by different people', () => {
    const run = planned({ quorum: { plan: 3 } });
    expect(run.send('approve', { by: 'ann' })).toMatchObject({ kind: 'applied', detail: '1 of 3 approvals: ann' });
    expect(run.send('approve', { by: 'Ann ', note: 'again' })).toMatchObject({
      kind: 'refused',
      detail: 'Ann has approved plan@1 already; 1 of 3 approvals: ann',
    });
    expect(run.send('approve', { by: 'bob', id: 'm1' })).toMatchObject({ detail: '2 of 3 approvals: ann, bob' });
    expect(run.send('approve', { by: 'carl', id: 'm1' })).toMatchObject({ detail: expect.stringContaining('already') });
    expect(viewRefactor(run.refactor).needs).toMatchObject([{ id: 'plan@1', approvals: '2 of 3: ann, bob' }]);
    run.settle();
    expect(run.refactor.phase).toBe('plan gate');
    expect(run.send('approve', { by: 'carl' })).toMatchObject({ kind: 'applied', detail: 'plan@1 approved' });
    expect(run.refactor.plan?.approvedBy).toBe('ann, bob, carl');
    expect(run.refactor.control.decisions[0]?.approvals?.map(({ by }) => by)).toEqual(['ann', 'bob', 'carl']);
  });

  test('is of no use against one rejection', () => {
    const run = planned({ quorum: { plan: 3 } });
    run.send('approve', { by: 'ann' });
    const rejection = run.send('reject', { by: 'bob', note: 'smaller' });
    expect(rejection).toMatchObject({ kind: 'applied', detail: 'plan@1 rejected' });
    run.settle();
    expect(viewRefactor(run.refactor).needs).toMatchObject([{ id: 'plan@2' }]);
  });

  test('starts again with each revision of what is decided', () => {
    const run = planned({ quorum: { plan: 2 } });
    run.send('approve', { by: 'ann' });
    run.send('revisePlan', { version: 1, plan: planOf({ id: 'z' }), by: 'bob' });
    expect(run.send('approve', { by: 'bob' })).toMatchObject({ detail: '1 of 2 approvals: bob' });
  });

  test('does not count who is no approver any more, nor, once signatures are required, who did not sign', async () => {
    const run = planned({ quorum: { plan: 2 }, approvers: ['ann', 'bob', 'carl'].map((name) => keys.approver(name)) });
    run.send('approve', { by: 'ann' });
    const change = (field: keyof DecisionRules, value: unknown): void => {
      const decisions = { ...run.refactor.policy.decisions, [field]: { value, from: 'team' } };
      run.refactor = { ...run.refactor, policy: { ...run.refactor.policy, decisions } as World['refactor']['policy'] };
    };
    change('approvers', [keys.approver('bob'), keys.approver('carl')]);
    expect(run.send('approve', { by: 'bob' })).toMatchObject({ detail: '1 of 2 approvals: bob' });
    change('signatures', 'required');
    const gate = refactorGate(keys, run);
    expect(await gate.send(approvalBy(gate, 'carl'))).toMatchObject({ detail: '1 of 2 approvals: carl' });
    expect(await gate.send(approvalBy(gate, 'bob'))).toMatchObject({ detail: 'plan@1 approved' });
  });

  test('counts nobody twice who signs twice, or whose message arrives twice', async () => {
    const run = newWorld({ ...decisionsOf(keys), quorum: { plan: 2 } });
    const gate = refactorGate(keys, run);
    const first = approvalBy(gate, 'ann');
    expect(await gate.send(first)).toMatchObject({ kind: 'applied', detail: '1 of 2 approvals: ann' });
    expect(await gate.send(first)).toMatchObject({ detail: 'already received: 1 of 2 approvals: ann' });
    expect(await gate.send(approvalBy(gate, 'ann'))).toMatchObject({ kind: 'refused' });
    expect(openAt(gate).approvals).toMatchObject([{ principal: 'ann', signed: true, bound: true }]);
    expect(await gate.send(approvalBy(gate, 'bob'))).toMatchObject({ detail: 'plan@1 approved' });
    expect(run.refactor.plan?.approvedBy).toBe('ann, bob');
  });
});

describe('without signatures a name is a claim', () => {
  test('that is measured by the list of approvers, where there is one', () => {
    const run = planned({
      approvers: [keys.approver('ann', { may: ['plan'] }), keys.approver('bob', { may: ['call'] })],
    });
    for (const by of ['bob', 'eve', 'Ann', undefined])
      expect(run.send('approve', { by })).toMatchObject({
        kind: 'refused',
        detail: `${by ?? 'unknown'} may not decide a plan here; who may: ann`,
      });
    expect(viewRefactor(run.refactor).needs).toMatchObject([{ mayDecide: ['ann'] }]);
    expect(run.send('approve', { by: 'ann' })).toMatchObject({ kind: 'applied' });
    expect(run.refactor.control.decisions[0]?.approvals).toMatchObject([{ by: 'ann', principal: null, signed: false }]);
    expect(renderReport(run.refactor)).toContain('plan@1: approved by ann (a claim, not signed)');
  });

  test('and who asked for it, or wrote the plan, may not approve it where policy says so, but may reject it', () => {
    const run = planned({ selfApproval: 'deny' }, 'ann');
    expect(run.send('approve', { by: 'ANN' })).toMatchObject({
      kind: 'refused',
      detail: expect.stringContaining('decisions.selfApproval'),
    });
    run.send('revisePlan', { version: 1, plan: planOf({ id: 'z' }), by: 'bob' });
    expect(run.send('approve', { by: 'bob' })).toMatchObject({ kind: 'refused' });
    expect(run.send('reject', { by: 'bob', note: 'another' })).toMatchObject({ kind: 'applied' });
  });

  test('and a signature counts for nothing where nobody is listed who could have made it', async () => {
    const run = planned({});
    const gate = refactorGate(keys, run);
    expect(await gate.send(approvalBy(gate, 'ann'))).toMatchObject({
      kind: 'refused',
      detail: expect.stringContaining('lists no approvers'),
    });
  });

  test('and a bad signature is not taken for none', async () => {
    const run = planned({ approvers: [keys.approver('ann')] });
    const gate = refactorGate(keys, run);
    const signature = keys.signText('mallory', 'anything');
    expect(await gate.send({ decision: 'plan@1', by: 'ann', id: 'm', signature })).toMatchObject({ kind: 'refused' });
    expect(await gate.send({ decision: 'plan@1', by: 'ann', id: 'm' })).toMatchObject({ kind: 'applied' });
  });
});

test('where policy wants it, an approval has to name the digest of what was looked at', () => {
  const run = planned({ bound: 'required' });
  expect(run.send('approve')).toMatchObject({ kind: 'refused', detail: expect.stringContaining('decisions.bound') });
  expect(run.send('approve', { digest: openAt(refactorGate(keys, run)).digest })).toMatchObject({ kind: 'applied' });
});

describe('with signatures required', () => {
  test('every verb that decides needs one, and those that only steer do not, unless who steers is an author', () => {
    const run = newWorld(decisionsOf(keys));
    const plan = planOf({ id: 'z' });
    expect(
      [
        run.send('approve', { by: 'ann' }),
        run.send('reject', { by: 'ann' }),
        run.send('revisePlan', { version: 1, plan, by: 'ann' }),
      ].map(({ kind }) => kind),
    ).toEqual(['refused', 'refused', 'refused']);
    expect(run.send('steer', { text: 'gently', by: 'ann' })).toMatchObject({ kind: 'refused' });
    const open = newWorld({ ...decisionsOf(keys), selfApproval: 'allow' });
    expect(open.send('steer', { text: 'gently', by: 'ann' })).toMatchObject({ kind: 'applied' });
    expect(run.refactor.plan?.version).toBe(1);
  });

  test('a rejection and a revision count when they are signed', async () => {
    const run = newWorld(decisionsOf(keys));
    const gate = refactorGate(keys, run);
    const subject = gate.subject(openAt(gate));
    const message = keys.sign('ann', subject, 'reject', { id: 'm', decision: 'plan@1', note: 'smaller' });
    const answer = await keys.deliver(
      () => run.refactor,
      (state) => (run.refactor = state),
      (state, verified) => receiveForRefactor(state, 'reject', [message], run.now, verified),
    );
    expect(answer).toMatchObject({ kind: 'applied', detail: 'plan@1 rejected' });
    expect(run.refactor.phase).toBe('planning');
    expect(renderReport(run.refactor)).toContain('plan@1: rejected by ann (signed): smaller');
  });

  test('whose work counts after a fork is chosen by signature, while the agents race and when they have ended', async () => {
    const choose = async (run: World, who: string, subject: Subject, agent: string): Promise<MessageResult> => {
      const message = keys.sign(who, subject, 'choose', { id: `${who}-${agent}`, agent });
      return await keys.deliver(
        () => run.refactor,
        (state) => (run.refactor = state),
        (state, verified) => receiveForRefactor(state, 'choose', [message], run.now, verified),
      );
    };
    for (const isOver of [false, true]) {
      const run = newWorld(decisionsOf(keys));
      const gate = refactorGate(keys, run);
      await gate.send(approvalBy(gate, 'ann'));
      while (run.agents.get('r/a.1')?.checkpoints.length !== 1) {
        run.stepRefactor();
        run.stepAgent('r/a.1');
      }
      const fork = { id: 'fork', task: 'a' };
      const order = subjectOfOrder('r', { verb: 'fork', ...fork }, PLACE);
      const signedFork = keys.sign('ann', order, 'fork', fork);
      await keys.deliver(
        () => run.refactor,
        (state) => (run.refactor = state),
        (state, verified) => receiveForRefactor(state, 'fork', [signedFork], run.now, verified),
      );
      while (!run.agents.has('r/a.2')) {
        run.stepRefactor();
        run.stepAgent('r/a.1');
      }
      run.stepRefactor();
      if (isOver) run.settle();
      const early = subjectOfEarlyChoice('r', 'a', ['r/a.1', 'r/a.2'], PLACE);
      const subject = isOver ? gate.subject(openAt(gate)) : early;
      expect(run.send('choose', 'a.2')).toMatchObject({ kind: 'refused' });
      expect(await choose(run, 'mallory', subject, 'a.2')).toMatchObject({ kind: 'refused' });
      expect(await choose(run, 'rita', subject, 'a.2')).toMatchObject({ kind: 'refused' });
      expect(await choose(run, 'bob', { ...subject, digest: '0'.repeat(64) }, 'a.2')).toMatchObject({
        kind: 'refused',
      });
      expect(await choose(run, 'bob', subject, 'a.2')).toMatchObject({ kind: 'applied' });
      expect(run.refactor.tasks[0]?.rivals?.map(({ agent }) => agent)).toEqual(['r/a.2']);
    }
  });

  test('a message leaves one receipt: received, then what became of it; its id counts once meanwhile', async () => {
    const run = newWorld(decisionsOf(keys));
    const gate = refactorGate(keys, run);
    const message = approvalBy(gate, 'ann', { id: 'm' });
    let during: unknown;
    await gate.send(message, async () => {
      during = run.refactor.control.receipts.filter(({ id }) => id === 'm');
      expect(await gate.send(message)).toMatchObject({ kind: 'refused', detail: expect.stringContaining('already') });
    });
    expect(during).toMatchObject([{ state: 'received', detail: 'its signature is being verified' }]);
    expect(run.refactor.control.receipts.filter(({ id }) => id === 'm')).toMatchObject([
      { state: 'applied', detail: 'plan@1 approved' },
    ]);
  });
});

test('where policy wants an expiry, a signature without one is refused', async () => {
  const keys = new Keys(plainKeys);
  const gate = refactorGate(keys, newWorld({ ...decisionsOf(keys), expiresAt: 'required' }));
  expect(await gate.send(approvalBy(gate, 'ann'))).toMatchObject({
    kind: 'refused',
    detail: expect.stringContaining('decisions.expiresAt'),
  });
  const until = approvalBy(gate, 'ann', { expiresAt: '2026-06-01T01:00:00Z' });
  expect(await gate.send(until)).toMatchObject({ kind: 'applied' });
});

test('what is signed names the place, the run, the decision, its bytes, the verdict and the message, as one line for people', () => {
  const subject = { workflow: 'r', id: 'plan@1', kind: 'plan' as const, digest: 'd'.repeat(8), openedAt: 7 };
  expect(renderSignedText(subject, { verb: 'approve', id: 'm', note: 'fine', by: 'ann' })).toMatchInlineSnapshot(
    `"{"decision":"plan@1","digest":"dddddddd","expiresAt":null,"kind":"plan","message":"m","noteDigest":"d14a58bae804a2b80b5b76a010239c88ffca1fc7951a90f8e9131beda1e23c1b","openedAt":7,"verdict":"approve","workflow":"r"}"`,
  );
  const place = {
    namespace: 'n',
    repository: canonicalRepository('HTTPS://Git.example.com/a/B.git/'),
    firstRun: 'f',
    run: 'g',
  };
  expect(renderSignedText({ ...subject, place }, { verb: 'approve', id: 'm' })).toMatchInlineSnapshot(
    `"{"decision":"plan@1","digest":"dddddddd","expiresAt":null,"firstRun":"f","kind":"plan","message":"m","namespace":"n","noteDigest":null,"openedAt":7,"repository":"https://git.example.com/a/B","run":"g","verdict":"approve","workflow":"r"}"`,
  );
  expect(renderSignedText(subject, { verb: 'reject', id: 'm' })).toMatchInlineSnapshot(
    `"{"decision":"plan@1","digest":"dddddddd","expiresAt":null,"kind":"plan","message":"m","noteDigest":null,"openedAt":7,"verdict":"reject","workflow":"r"}"`,
  );
});

test('files that are left out are a field of their own in what is signed: no note says the same', () => {
  const subject = { workflow: 'r', id: 'a/scope@1', kind: 'scope' as const, digest: 'd'.repeat(8), openedAt: 7 };
  const text = renderSignedText(subject, { verb: 'approve', id: 'm', leaveOut: ['secret.pem'] });
  expect(text).toBe(
    '{"decision":"a/scope@1","digest":"dddddddd","expiresAt":null,"kind":"scope","leaveOut":["secret.pem"],"message":"m","noteDigest":null,"openedAt":7,"verdict":"approve","workflow":"r"}',
  );
  const note = '{"leaveOut":["secret.pem"],"note":null}';
  expect(renderSignedText(subject, { verb: 'approve', id: 'm', note })).not.toBe(text);
});
