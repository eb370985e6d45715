/** A worker refuses a delivery that it can't verify itself, although an activity's input asks for it. */
import { describe, expect, test } from 'vitest';
import { createDeliver } from '../../src/activities/refactor/deliver.ts';
import { createOpenPull } from '../../src/activities/refactor/open-pull.ts';
import type { Approval } from '../../src/core/decisions/control.ts';
import type { DeliverInput } from '../../src/core/refactor/delivery.ts';
import { digestDelivery } from '../../src/core/refactor/delivery.ts';
import { digestText } from '../../src/core/digest.ts';
import type { Policy } from '../../src/core/policy/policy.ts';
import { resolvePolicy } from '../../src/core/policy/resolve.ts';
import type { Warrant } from '../../src/core/decisions/warrant.ts';
import { commitTree } from '../../src/git/write/commit-tree.ts';
import { treeOf } from '../../src/git/objects/tree-of.ts';
import { git } from '../sandbox/sandbox-host.ts';
import type { Place, Signing } from './warrant-place.ts';
import { approver, OPENED, place, refusal, run, SIGNED, signedBy } from './warrant-place.ts';

type Forge = (by: (who: string, how?: Signing) => Approval) => Approval[];

/** The input of `deliver` as our workflow sends it, with the given approvals. */
function delivery(at: Place, approvals: Forge, change: Partial<Warrant> = {}): DeliverInput {
  const { base, commit, target } = at;
  const input = { repository: target, branch: 'release', base, baseBranch: null, commit, plan: digestText('plan') };
  const digest = digestDelivery({ ...input });
  const decision = { id: 'delivery@1', kind: 'delivery' as const, digest, openedAt: OPENED };
  const about = { ...decision, repository: target };
  const given = { ...decision, approvals: approvals((who, how) => signedBy(who, about, how)) };
  return { ...input, warrant: { team: null, run: null, authors: ['carol'], decision: given, ...change } };
}

function branchesOf({ target }: Place): string {
  return git(target, ['for-each-ref', '--format=%(refname:short)']);
}

describe('a delivery under an organisation that wants two signatures', () => {
  const two = (): Policy => SIGNED({ quorum: { delivery: 2 }, selfApproval: 'deny' });
  const both: Forge = (by) => [by('ann'), by('bob')];

  test('is done if two approvers signed exactly it', async () => {
    const at = await place(two());
    const outcome = await run(createDeliver(at.context), delivery(at, both));
    expect(outcome).toMatchObject({ kind: 'delivered', ref: 'refs/heads/release' });
    expect(git(at.target, ['rev-parse', 'release'])).toBe(at.commit);
  });

  const forged: Record<string, Forge> = {
    'with no approvals': () => [],
    'with approvals that only say to be signed': () =>
      ['ann', 'bob'].map((who) => ({ by: who, principal: who, at: Date.now(), bound: true, signed: true })),
    'with one of two': (by) => [by('ann')],
    'with one person twice': (by) => [by('ann'), by('ann', { as: 'bob' })],
    'with a key that nobody lists': (by) => [by('ann'), by('mallory', { as: 'bob' })],
    'with signatures over another delivery': (by) =>
      ['ann', 'bob'].map((who) => by(who, { digest: digestText('another') })),
    'with signatures of another workflow': (by) => ['ann', 'bob'].map((who) => by(who, { workflow: 'refactor-2' })),
    'with signatures of an earlier opening': (by) => ['ann', 'bob'].map((who) => by(who, { openedAt: OPENED - 1 })),
    'with signatures for another repository': (by) =>
      ['ann', 'bob'].map((who) => by(who, { repository: '/srv/another.git' })),
    'with signatures for another namespace': (by) => ['ann', 'bob'].map((who) => by(who, { namespace: 'another' })),
    'with a rejection in the place of an approval': (by) => [by('ann'), by('bob', { verb: 'reject' })],
    'with signatures that leave files out': (by) => ['ann', 'bob'].map((who) => by(who, { leaveOut: ['b/**'] })),
    'with a signature that had expired': (by) => [
      by('ann'),
      by('bob', { expiresAt: new Date(Date.now() - 40_000).toISOString() }),
    ],
  };
  test.each(Object.entries(forged))('is refused %s', async (_, approvals) => {
    const at = await place(two());
    expect(await refusal(createDeliver(at.context), delivery(at, approvals))).toMatchObject({ type: 'NoWarrant' });
    expect(branchesOf(at)).toBe('main');
  });

  test('is refused without a warrant, as a stranger or a run from before 0.2.0 sends it', async () => {
    const at = await place(two());
    const { warrant: _, plan: __, ...bare } = delivery(at, both);
    const { type, said } = await refusal(createDeliver(at.context), bare);
    expect({ type, said }).toMatchObject({ type: 'NoWarrant', said: expect.stringContaining('decisions.signatures') });
    expect(branchesOf(at)).toBe('main');
  });

  test('is refused for a commit, branch or base that was not approved', async () => {
    const at = await place(two());
    const input = delivery(at, both);
    const other = await commitTree(at.store, {
      tree: await treeOf(at.store, at.base),
      parents: [at.base],
      message: 'x\n',
    });
    for (const change of [{ commit: other }, { branch: 'other' }, { base: other }])
      expect(await refusal(createDeliver(at.context), { ...input, ...change })).toMatchObject({ type: 'NoWarrant' });
    expect(branchesOf(at)).toBe('main');
  });

  test('is refused with a key that was removed or has expired, whatever time the signature claims', async () => {
    const at = await place(two());
    const input = delivery(at, (by) => both(by).map((one) => ({ ...one, at: Date.parse('2020-01-02') })));
    at.setPolicy(SIGNED({ quorum: { delivery: 2 }, approvers: [approver('ann'), approver('carol')] }));
    expect(await refusal(createDeliver(at.context), input)).toMatchObject({ type: 'NoWarrant' });
    const expired = approver('bob', { validBefore: '2021-01-01' });
    at.setPolicy(SIGNED({ quorum: { delivery: 2 }, approvers: [approver('ann'), expired] }));
    expect(await refusal(createDeliver(at.context), input)).toMatchObject({ type: 'NoWarrant' });
    expect(branchesOf(at)).toBe('main');
  });

  test('is refused if one of the two approvers asked for it', async () => {
    const at = await place(two());
    const { type, said } = await refusal(createDeliver(at.context), delivery(at, both, { authors: ['Ann'] }));
    expect({ type, said }).toMatchObject({ type: 'NoWarrant', said: expect.stringContaining('selfApproval') });
  });

  test('is refused to a run with looser rules, with field, values and layers named', async () => {
    const at = await place(two());
    const resolved = resolvePolicy({ decisions: { signatures: 'optional' } });
    if (resolved.kind === 'bad') throw new Error(resolved.problems.join());
    const { type, said } = await refusal(createDeliver(at.context), delivery(at, both, { policy: resolved.policy }));
    expect(type).toBe('PolicyStricter');
    expect(said).toContain('decisions.signatures: the run uses "optional" (run)');
    expect(said).toContain('this worker reads "required" (organisation)');
    expect(branchesOf(at)).toBe('main');
  });

  test('opens no pull request either', async () => {
    const at = await place(two());
    const ask = { repository: at.target, branch: 'release', base: 'main', title: 't', report: 'r' };
    expect(await refusal(createOpenPull(at.context), ask)).toMatchObject({ type: 'NoWarrant' });
    const { base, commit, warrant } = delivery(at, (by) => [by('ann')]);
    const named = { ...ask, delivery: { base, commit, branch: 'release', plan: digestText('plan') } };
    expect(await refusal(createOpenPull(at.context), { ...named, ...(warrant ? { warrant } : {}) })).toMatchObject({
      type: 'NoWarrant',
    });
  });
});

test('a delivery of a run from before 0.2.0 goes on where no signature is required', async () => {
  const at = await place({ maxParallelAgents: 2 });
  const { warrant: _, plan: __, ...bare } = delivery(at, () => []);
  expect(await run(createDeliver(at.context), bare)).toMatchObject({ kind: 'delivered' });
});
