/**
 * Approvals that must not count, each with its fault, and the states in which they are sent.
 * Rule: each has exactly one fault, so that nothing else can be the reason for its refusal.
 */
import { createAgent } from '../../src/core/agent/next.ts';
import { advanceAgent } from '../../src/core/agent/advance.ts';
import { receiveForAgent } from '../../src/core/agent/messages.ts';
import type { Control, Decision } from '../../src/core/decisions/control.ts';
import { listOpenDecisions, openInRun } from '../../src/core/decisions/open-decisions.ts';
import type { Place } from '../../src/core/place.ts';
import type { Policy } from '../../src/core/policy/policy.ts';
import type { MessageResult } from '../../src/core/decisions/receipts.ts';
import { receiveForRefactor } from '../../src/core/refactor/messages.ts';
import type { Subject } from '../../src/core/decisions/signed-text.ts';
import { subjectOfRevision } from '../../src/core/decisions/signed-text.ts';
import { planOf, policyOf, sha, shell, specOf, thought } from './builders.ts';
import type { Keys } from './signers.ts';
import { World } from './world.ts';

/** The workflow time of all messages; one key has expired before it. */
const NOW = Date.parse('2026-06-01T00:00:00Z');
const PAST = '2026-05-01T00:00:00Z';
export const PLACE: Place = { namespace: 'default', repository: '/r', firstRun: 'run-1', run: 'run-2' };

/** Ann and Bob may decide all; Carl only answers; Dora's key has expired; Rita asked for it all; Mallory is nobody. */
export function decisionsOf(keys: Keys): NonNullable<Policy['decisions']> {
  return {
    signatures: 'required',
    selfApproval: 'deny',
    approvers: [
      keys.approver('ann'),
      keys.approver('bob'),
      keys.approver('carl', { may: ['question'] }),
      keys.approver('dora', { validBefore: PAST }),
      keys.approver('rita'),
    ],
  };
}

/** A run that may have an open decision. */
export interface Gate {
  keys: Keys;
  control(): Control;
  subject(decision: Decision): Subject;
  send(input: object, meanwhile?: () => unknown): Promise<MessageResult>;
}

let nonce = 0;
const freshId = (): string => `m${nonce++}`;

/** The open decision. */
export function openAt(gate: Gate): Decision {
  const [decision] = listOpenDecisions(gate.control());
  if (!decision) throw new Error('nothing is open');
  return decision;
}

/** A faultless approval of the open decision. */
export function approvalBy(gate: Gate, who: string, extra: object = {}): object {
  const decision = openAt(gate);
  const message = { id: freshId(), decision: decision.id, ...extra };
  return gate.keys.sign(who, gate.subject(decision), 'approve', message);
}

export function refactorGate(keys: Keys, run: World): Gate {
  return {
    keys,
    control: () => run.refactor.control,
    subject: (decision) => ({ ...decision, workflow: 'r' }),
    send: (input, meanwhile) =>
      keys.deliver(
        () => run.refactor,
        (state) => (run.refactor = state),
        (state, verified) => receiveForRefactor(state, 'approve', [input], NOW, verified),
        meanwhile,
      ),
  };
}

/** A refactor whose plan waits for its decision. */
export function newWorld(decisions: Policy['decisions']): World {
  const script = { plan: planOf({ id: 'a' }), random: () => 0.5, callsPerTask: 1 };
  const run = new World(script, { requestedBy: 'Rita', policy: { decisions } });
  run.refactor = { ...run.refactor, control: openInRun(run.refactor.control, PLACE) };
  run.now = NOW;
  run.settle();
  return run;
}

/** Every kind of state in which somebody may send an approval. */
export const STATES: Record<string, (keys: Keys) => Promise<Gate>> = {
  'plan gate': async (keys) => await Promise.resolve(refactorGate(keys, newWorld(decisionsOf(keys)))),
  'plan gate of a revised plan': async (keys) => {
    const run = newWorld(decisionsOf(keys));
    const plan = planOf({ id: 'z' });
    const current = { version: 1, digest: run.refactor.plan?.digest ?? '' };
    const revision = { id: freshId(), version: 1, plan };
    const signed = keys.sign('bob', subjectOfRevision('r', current, plan, PLACE), 'revisePlan', revision);
    const answer = await keys.deliver(
      () => run.refactor,
      (state) => (run.refactor = state),
      (state, verified) => receiveForRefactor(state, 'revisePlan', [signed], NOW, verified),
    );
    if (answer.kind !== 'applied') throw new Error(answer.detail);
    return refactorGate(keys, run);
  },
  'delivery gate': async (keys) => {
    const run = newWorld(decisionsOf(keys));
    const gate = refactorGate(keys, run);
    await gate.send(approvalBy(gate, 'ann'));
    run.settle();
    return gate;
  },
  'call of an agent': async (keys) => {
    const policy = policyOf({ gates: { commands: 'ask' }, decisions: decisionsOf(keys) });
    let state = createAgent('r/lib.1', specOf({ policy, requestedBy: 'rita' }));
    state = { ...state, control: openInRun(state.control, PLACE) };
    state = advanceAgent(state, { kind: 'began', at: NOW, head: sha('root') });
    state = advanceAgent(state, thought(state, NOW, shell('c1', 'rm -r lib')));
    return await Promise.resolve({
      keys,
      control: () => state.control,
      subject: (decision) => ({ ...decision, workflow: 'r/lib.1' }),
      send: (input, meanwhile) =>
        keys.deliver(
          () => state,
          (next) => (state = next),
          (next, verified) => receiveForAgent(next, 'approve', [input], NOW, true, verified),
          meanwhile,
        ),
    });
  },
};

interface Scene {
  keys: Keys;
  decision: Decision;
  subject: Subject;
}

/** What an attacker can see. */
export function sceneAt(gate: Gate): Scene {
  const decision = openAt(gate);
  return { keys: gate.keys, decision, subject: gate.subject(decision) };
}

const other = '0'.repeat(64);

/** Signs an approval of a subject, and sends it as an approval of the open decision. */
function as({ keys, decision }: Scene, who: string, subject: Subject, extra: object = {}): object {
  return keys.sign(who, subject, 'approve', { id: freshId(), decision: decision.id, ...extra });
}

/** Every fault of an approval. If it matters, the sender is a person who could have made a good one. */
export const ATTACKS: Record<string, (scene: Scene, who: 'ann' | 'bob') => object> = {
  'not signed': ({ decision: { id, digest } }, by) => ({ decision: id, digest, by, id: freshId() }),
  'not signed, and without an id': (_, by) => ({ by }),
  'stale: of an earlier revision': (scene, who) => as(scene, who, { ...scene.subject, id: 'plan@0' }),
  'stale: of another digest': (scene, who) => as(scene, who, { ...scene.subject, digest: other }),
  'stale: naming another digest': (scene, who) => as(scene, who, scene.subject, { digest: other }),
  'stale: naming a decision that is no more': (scene, who) => ({
    ...as(scene, who, scene.subject),
    decision: 'plan@0',
  }),
  'replayed: under another id': (scene, who) => ({ ...as(scene, who, scene.subject), id: freshId() }),
  'replayed: without an id': (scene, who) => ({ ...as(scene, who, scene.subject), id: undefined }),
  'replayed: of the same run started again': (scene, who) =>
    as(scene, who, { ...scene.subject, openedAt: scene.subject.openedAt - 1 }),
  'replayed: of the same run before it was reset': (scene, who) =>
    as(scene, who, { ...scene.subject, place: { ...PLACE, run: 'run-1' } }),
  'replayed: of an earlier run of the same id': (scene, who) =>
    as(scene, who, { ...scene.subject, place: { ...PLACE, firstRun: 'run-0' } }),
  'foreign: of another namespace': (scene, who) =>
    as(scene, who, { ...scene.subject, place: { ...PLACE, namespace: 'other' } }),
  'foreign: of another repository': (scene, who) =>
    as(scene, who, { ...scene.subject, place: { ...PLACE, repository: '/s' } }),
  'foreign: naming no place': (scene, who) => as(scene, who, { ...scene.subject, place: undefined }),
  'foreign: of another refactor': (scene, who) => as(scene, who, { ...scene.subject, workflow: 's' }),
  'foreign: of an agent of it': (scene, who) => as(scene, who, { ...scene.subject, workflow: 'r/a.1' }),
  'foreign: of another kind': (scene, who) => as(scene, who, { ...scene.subject, kind: 'budget' }),
  'forged: by a key that nobody listed': (scene, by) => as(scene, 'mallory', scene.subject, { by }),
  'forged: by such a key in the name of a signer': (scene, signer) => as(scene, 'mallory', scene.subject, { signer }),
  "forged: by one approver in another's name": (scene) => as(scene, 'ann', scene.subject, { signer: 'bob' }),
  'forged: a rejection as an approval': ({ subject, decision, keys }, who) =>
    keys.sign(who, subject, 'reject', { id: freshId(), decision: decision.id }),
  'forged: with another note': (scene, who) => ({
    ...as(scene, who, scene.subject, { note: 'only the tests' }),
    note: 'all of it',
  }),
  'forged: with a later expiry': (scene, who) => ({
    ...as(scene, who, scene.subject, { expiresAt: PAST }),
    expiresAt: '2027-01-01T00:00:00Z',
  }),
  'forged: no armor': (scene, who) => ({ ...as(scene, who, scene.subject), signature: 'trust me' }),
  'forged: empty': (scene, who) => ({ ...as(scene, who, scene.subject), signature: '' }),
  'forged: over nothing': ({ decision: { id }, keys }, who) => ({
    id: freshId(),
    decision: id,
    signature: keys.signText(who, ''),
  }),
  'expired: the signature': (scene, who) => as(scene, who, scene.subject, { expiresAt: PAST }),
  'expired: the key': (scene) => as(scene, 'dora', scene.subject),
  'unauthorised: an approver of other kinds': (scene) => as(scene, 'carl', scene.subject),
  'self-made: by who requested it': (scene) => as(scene, 'rita', scene.subject),
};
