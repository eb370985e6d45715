import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createAgent } from '../../src/core/agent.ts';
import { advanceAgent } from '../../src/core/agent-events.ts';
import { receiveForAgent } from '../../src/core/agent-messages.ts';
import type { Answer, Control, Decision } from '../../src/core/control.ts';
import { listOpenDecisions } from '../../src/core/control.ts';
import type { Policy } from '../../src/core/policy.ts';
import { receiveForRefactor } from '../../src/core/refactor-messages.ts';
import type { Subject } from '../../src/core/signed-text.ts';
import { subjectOfRevision } from '../../src/core/signed-text.ts';
import { planOf, policyOf, randomFrom, sha, shell, specOf, thought } from './builders.ts';
import { approver, armor, deliver, sign } from './signers.ts';
import { World } from './world.ts';

/** Workflow time of everything here, so that a key may have expired. */
const NOW = Date.parse('2026-06-01T00:00:00Z');
const PAST = '2026-05-01T00:00:00Z';

/** Ann and Bob may decide all; Carl only answers; Dora's key has expired; Rita asked for it all; Mallory is nobody. */
const DECISIONS: Policy['decisions'] = {
  signatures: 'required',
  selfApproval: 'deny',
  approvers: [
    approver('ann'),
    approver('bob'),
    approver('carl', { may: ['question'] }),
    approver('dora', { validBefore: PAST }),
    approver('rita'),
  ],
};

interface Gate {
  control(): Control;
  subject(decision: Decision): Subject;
  send(input: object, meanwhile?: () => void): Answer;
}

function refactorGate(run: World): Gate {
  return {
    control: () => run.refactor.control,
    subject: (decision) => ({ ...decision, workflow: 'r' }),
    send: (input, meanwhile) =>
      deliver(
        () => run.refactor,
        (state) => (run.refactor = state),
        (state, verified) => receiveForRefactor(state, 'approve', [input], NOW, verified),
        meanwhile,
      ),
  };
}

function newWorld(): World {
  const script = { plan: planOf({ id: 'a' }), random: randomFrom(1), callsPerTask: 1 };
  const run = new World(script, { requestedBy: 'Rita', policy: { decisions: DECISIONS } });
  run.now = NOW;
  run.settle();
  return run;
}

let nonce = 0;
const freshId = (): string => `m${nonce++}`;

/** Approves what is open, as Ann should. */
function approve(gate: Gate): Answer {
  const [decision] = listOpenDecisions(gate.control());
  if (!decision) throw new Error('nothing is open');
  return gate.send(sign('ann', gate.subject(decision), 'approve', { id: freshId(), decision: decision.id }));
}

/** Every kind of state in which somebody may send an approval. */
const STATES: Record<string, () => Gate> = {
  'plan gate': () => refactorGate(newWorld()),
  'plan gate of a revised plan': () => {
    const run = newWorld();
    const plan = planOf({ id: 'z' });
    const current = { version: 1, digest: run.refactor.plan?.digest ?? '' };
    const revision = { id: freshId(), version: 1, plan };
    const signed = sign('bob', subjectOfRevision('r', current, plan), 'revisePlan', revision);
    const answer = deliver(
      () => run.refactor,
      (state) => (run.refactor = state),
      (state, verified) => receiveForRefactor(state, 'revisePlan', [signed], NOW, verified),
    );
    expect(answer.kind).toBe('applied');
    return refactorGate(run);
  },
  'delivery gate': () => {
    const run = newWorld();
    const gate = refactorGate(run);
    approve(gate);
    run.settle();
    return gate;
  },
  'call of an agent': () => {
    const policy = policyOf({ gates: { commands: 'ask' }, decisions: DECISIONS });
    let state = createAgent('r/lib.1', specOf({ policy, requestedBy: 'rita' }));
    state = advanceAgent(state, { kind: 'began', at: NOW, head: sha('root') });
    state = advanceAgent(state, thought(state, NOW, shell('c1', 'rm -r lib')));
    return {
      control: () => state.control,
      subject: (decision) => ({ ...decision, workflow: 'r/lib.1' }),
      send: (input, meanwhile) =>
        deliver(
          () => state,
          (next) => (state = next),
          (next, verified) => receiveForAgent(next, 'approve', [input], NOW, true, verified),
          meanwhile,
        ),
    };
  },
};

interface Scene {
  decision: Decision;
  subject: Subject;
}

const PEOPLE = ['ann', 'bob'] as const;
const other = '0'.repeat(64);

/** Signs an approval of something, and sends it as one of what is open. */
function as(who: string, { decision }: Scene, subject: Subject, extra: object = {}): object {
  const message = { id: freshId(), decision: decision.id, ...extra };
  return sign(who, subject, 'approve', message);
}

/** Every way in which an approval must not count, each by somebody who could have made a good one where that matters. */
const ATTACKS: Record<string, (scene: Scene, who: 'ann' | 'bob') => object> = {
  'not signed': ({ decision: { id, digest } }, by) => ({ decision: id, digest, by, id: freshId() }),
  'not signed, and without an id': (_, by) => ({ by }),
  'stale: of an earlier revision': (scene, who) => as(who, scene, { ...scene.subject, id: 'plan@0' }),
  'stale: of another digest': (scene, who) => as(who, scene, { ...scene.subject, digest: other }),
  'stale: naming another digest': (scene, who) => as(who, scene, scene.subject, { digest: other }),
  'stale: naming a decision that is no more': (scene, who) => ({
    ...as(who, scene, scene.subject),
    decision: 'plan@0',
  }),
  'replayed: under another id': (scene, who) => ({ ...as(who, scene, scene.subject), id: freshId() }),
  'replayed: without an id': (scene, who) => ({ ...as(who, scene, scene.subject), id: undefined }),
  'replayed: of the same run started again': (scene, who) =>
    as(who, scene, { ...scene.subject, openedAt: scene.subject.openedAt - 1 }),
  'foreign: of another refactor': (scene, who) => as(who, scene, { ...scene.subject, workflow: 's' }),
  'foreign: of an agent of it': (scene, who) => as(who, scene, { ...scene.subject, workflow: 'r/a.1' }),
  'foreign: of another kind': (scene, who) => as(who, scene, { ...scene.subject, kind: 'budget' }),
  'forged: by a key that nobody listed': (scene, by) => as('mallory', scene, scene.subject, { by }),
  'forged: by such a key in the name of a signer': (scene, signer) => as('mallory', scene, scene.subject, { signer }),
  "forged: by one approver in another's name": (scene) => as('ann', scene, scene.subject, { signer: 'bob' }),
  'forged: a rejection as an approval': ({ subject, decision }, who) =>
    sign(who, subject, 'reject', { id: freshId(), decision: decision.id }),
  'forged: with another note': (scene, who) => ({
    ...as(who, scene, scene.subject, { note: 'only the tests' }),
    note: 'all of it',
  }),
  'forged: with a later expiry': (scene, who) => ({
    ...as(who, scene, scene.subject, { expiresAt: PAST }),
    expiresAt: '2027-01-01T00:00:00Z',
  }),
  'forged: no armor': (scene, who) => ({ ...as(who, scene, scene.subject), signature: 'trust me' }),
  'forged: empty': (scene, who) => ({ ...as(who, scene, scene.subject), signature: '' }),
  'forged: over nothing': ({ decision: { id } }, who) => ({
    id: freshId(),
    decision: id,
    signature: armor({ who, text: '' }),
  }),
  'expired: the signature': (scene, who) => as(who, scene, scene.subject, { expiresAt: PAST }),
  'expired: the key': (scene) => as('dora', scene, scene.subject),
  'unauthorised: an approver of other kinds': (scene) => as('carl', scene, scene.subject),
  'self-made: by who requested it': (scene) => as('rita', scene, scene.subject),
};

test('with signatures required, of thousands of stale, replayed, forged, self-made, foreign or unauthorised approvals none counts', () => {
  let sent = 0;
  const tried = new Set<string>();
  const attack = fc.tuple(fc.constantFrom(...Object.keys(ATTACKS)), fc.constantFrom(...PEOPLE));
  const attacks = fc.array(attack, { minLength: 1, maxLength: 15 });
  fc.assert(
    fc.property(fc.constantFrom(...Object.keys(STATES)), attacks, (place, made) => {
      const gate = STATES[place]?.() as Gate;
      for (const [kind, who] of made) {
        const before = listOpenDecisions(gate.control());
        const [decision] = before;
        if (!decision) throw new Error('nothing is open');
        const input = ATTACKS[kind]?.({ decision, subject: gate.subject(decision) }, who) ?? {};
        expect(gate.send(input), `${kind} at the ${place}`).toMatchObject({ kind: 'refused' });
        expect(listOpenDecisions(gate.control())).toEqual(before);
        expect(gate.control().receipts.at(-1)).toMatchObject({ state: 'refused' });
        tried.add(`${place}: ${kind}`);
        sent++;
      }
      // They were refused for their fault: an approval without one counts at once.
      expect(approve(gate)).toMatchObject({ kind: 'applied' });
      expect(listOpenDecisions(gate.control())).toEqual([]);
    }),
    { numRuns: 600 },
  );
  expect(sent).toBeGreaterThan(2000);
  expect(tried.size).toBe(Object.keys(STATES).length * Object.keys(ATTACKS).length);
});

describe('what changes while a signature is being verified', () => {
  test('leaves the approval without effect: another one was faster', () => {
    for (const open of Object.values(STATES)) {
      const gate = open();
      const [decision] = listOpenDecisions(gate.control());
      if (!decision) throw new Error('nothing is open');
      const input = sign('bob', gate.subject(decision), 'approve', { id: freshId(), decision: decision.id });
      expect(gate.send(input, () => approve(gate))).toMatchObject({ kind: 'refused' });
      const [closed] = gate.control().decisions.filter(({ id }) => id === decision.id);
      expect(closed?.closed).toMatchObject({ outcome: 'approved', by: 'ann' });
    }
  });

  test('leaves it without effect: its signer is no approver any more', () => {
    const run = newWorld();
    const gate = refactorGate(run);
    const [decision] = listOpenDecisions(gate.control());
    if (!decision) throw new Error('nothing is open');
    const input = sign('ann', gate.subject(decision), 'approve', { id: freshId(), decision: decision.id });
    const dismiss = (): void => {
      const policy = policyOf({ decisions: { ...DECISIONS, approvers: [approver('bob')] } });
      run.refactor = { ...run.refactor, policy };
    };
    expect(gate.send(input, dismiss)).toMatchObject({
      kind: 'refused',
      detail: expect.stringContaining('changed while the signature was verified'),
    });
    expect(listOpenDecisions(gate.control())).toMatchObject([{ id: 'plan@1' }]);
  });
});
