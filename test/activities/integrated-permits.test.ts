/** Changes beyond a plan are integrated only as people signed them, whatever the agent reports. */
import { describe, expect, test } from 'vitest';
import { digestValue } from '../../src/core/digest.ts';
import type { Finding } from '../../src/core/effects/findings.ts';
import type { IntegrateInput, IntegrateOutcome } from '../../src/core/refactor/exchange.ts';
import type { Asked, Permit } from '../../src/core/decisions/permits.ts';
import { git } from '../sandbox/sandbox-host.ts';
import { execution, OPENED, place, SIGNED, signedBy } from './warrant-place.ts';
import type { Result } from './integrated-result.ts';
import { AGENT, FILES, integrate, resultOf } from './integrated-result.ts';

const PROTECTED = { protectedPaths: ['deploy/**'] };

describe('when signatures are required, a permit in a report', () => {
  const CHANGE = { 'deploy/prod.yaml': 'replicas: 0\n' };
  const ALL = { paths: ['a.txt'], barred: [], allowed: ['**'], effects: { rules: [], kept: [] } } as unknown;
  const keeps = ALL as NonNullable<IntegrateInput['keeps']>;

  function permit({ at, head }: Result, who: string, leaveOut?: string[]): Permit {
    const asked: Asked = { head, outside: ['deploy/prod.yaml'] };
    const leftOut = leaveOut ? { leaveOut } : {};
    const digest = digestValue(asked);
    const about = { id: 'a/outside@1', kind: 'outside' as const, digest, repository: at.target };
    const approvals = [signedBy(who, about, { workflow: AGENT, ...leftOut })];
    return {
      workflow: AGENT,
      asked,
      ...leftOut,
      decision: { id: about.id, kind: about.kind, digest, openedAt: OPENED, approvals },
    };
  }

  /** The same permit from an older run, in which such a decision was called a scope. */
  function olderPermit({ at, head }: Result): Permit {
    const asked: Asked = { head, outside: ['deploy/prod.yaml'] };
    const about = { id: 'a/scope@1', kind: 'scope' as const, digest: digestValue(asked), repository: at.target };
    const approvals = [signedBy('ann', about, { workflow: AGENT })];
    const { id, kind, digest } = about;
    return { workflow: AGENT, asked, decision: { id, kind, digest, openedAt: OPENED, approvals } } as unknown as Permit;
  }

  async function changed(): Promise<Result> {
    const result = await resultOf(await place({ ...SIGNED(), ...PROTECTED }, FILES), CHANGE);
    return { ...result, input: { ...result.input, keeps } };
  }

  test('does not count without a signature: a protected path asks before integration', async () => {
    const result = await changed();
    expect(await integrate(result)).toMatchObject({ kind: 'outside', paths: ['deploy/prod.yaml'] });
    expect(await integrate(result, { permits: [permit(result, 'mallory')] })).toMatchObject({ kind: 'outside' });
    const forged = permit(result, 'ann');
    const wider = { ...forged, asked: { head: result.head, outside: ['**'] } };
    expect(await integrate(result, { permits: [wider] })).toMatchObject({ kind: 'outside' });
    const moved = { ...forged, workflow: `${execution.workflowId}/b.1` };
    expect(await integrate(result, { permits: [moved] })).toMatchObject({ kind: 'outside' });
  });

  test('counts if an approver signed exactly that', async () => {
    const result = await changed();
    expect(await integrate(result, { permits: [permit(result, 'ann')] })).toMatchObject({ kind: 'merged' });
  });

  test('counts if it was signed as a scope, in a run from before the four kinds', async () => {
    const result = await changed();
    expect(await integrate(result, { permits: [olderPermit(result)] })).toMatchObject({ kind: 'merged' });
  });

  test('counts by its subject: findings need as many approvals as policy wants for them, whatever kind it names', async () => {
    const { head, ...result } = await changed();
    const secret: Finding = {
      kind: 'secret',
      path: 'deploy/prod.yaml',
      line: 1,
      risk: 'high',
      excerpt: '+ key',
      why: 'it looks like a key',
    };
    const asked: Asked = { head, outside: ['deploy/prod.yaml'], findings: [secret] };
    const digest = digestValue(asked);
    const permitAs = (kind: 'outside' | 'effects'): Permit => {
      const about = { id: `a/${kind}@1`, kind, digest, repository: result.at.target };
      const approvals = [signedBy('ann', about, { workflow: AGENT })];
      return { workflow: AGENT, asked, decision: { id: about.id, kind, digest, openedAt: OPENED, approvals } };
    };
    const kept = { ...result, head };
    expect(await integrate(kept, { permits: [permitAs('outside')] })).toMatchObject({ kind: 'outside' });
    expect(await integrate(kept, { permits: [permitAs('effects')] })).toMatchObject({ kind: 'merged' });
  });

  test('leaves out what its approver left out, whatever the report says', async () => {
    const result = await changed();
    const { leaveOut: _, ...silent } = permit(result, 'ann', ['deploy/**']);
    for (const told of [{}, { leaveOut: ['other/**'] }, { leaveOut: [] }])
      expect(await integrate(result, { permits: [{ ...silent, ...told }] })).toMatchObject({ kind: 'outside' });
    const added = { ...permit(result, 'ann'), leaveOut: ['other/**'] };
    expect(await integrate(result, { permits: [added] })).toMatchObject({ kind: 'outside' });
    expect(await integrate(result, { permits: [permit(result, 'ann', ['deploy/**'])] })).toMatchObject({
      kind: 'outside',
    });
    expect(await integrate(result, { permits: [permit(result, 'ann', ['other/**'])] })).toMatchObject({
      kind: 'merged',
    });
  });
});

describe('what people left out of a result', () => {
  const OWN = execution.workflowId;
  const keeps: NonNullable<IntegrateInput['keeps']> = { paths: ['a.txt'], barred: [], allowed: ['b.txt'] };

  function permit({ at, head }: Result, leaveOut: string[], asked: Partial<Asked> = {}): Permit {
    const about: Asked = { head, paths: ['b.txt', 'deploy/prod.yaml'], ...asked };
    const digest = digestValue(about);
    const subject = { id: 'a/integration@1', kind: 'integration' as const, digest, repository: at.target };
    const approvals = [signedBy('ann', subject, { workflow: OWN, leaveOut })];
    const decision = { id: subject.id, kind: subject.kind, digest, openedAt: OPENED, approvals };
    return { workflow: OWN, asked: about, leaveOut, decision };
  }

  async function beyond(policy: Parameters<typeof place>[0]): Promise<Result> {
    const change = { 'a.txt': 'two\n', 'b.txt': 'new\n', 'deploy/prod.yaml': 'replicas: 0\n' };
    const result = await resultOf(await place(policy, FILES), change);
    return { ...result, input: { ...result.input, keeps } };
  }

  /** The names that changed on the integration branch, and the bytes there of the path that was left out. */
  async function linedUp({ at }: Result, outcome: IntegrateOutcome): Promise<{ names: string; left: string }> {
    if (outcome.kind !== 'merged') throw new Error(`not merged: ${JSON.stringify(outcome)}`);
    const names = git(at.store.dir, ['diff', '--name-only', at.base, outcome.line]).trim();
    return { names, left: git(at.store.dir, ['show', `${outcome.line}:deploy/prod.yaml`]) };
  }

  test('keeps its bytes from before the task, and the rest is integrated', async () => {
    for (const policy of [{}, SIGNED()]) {
      const result = await beyond(policy);
      const outcome = await integrate(result, { permits: [permit(result, ['deploy/**'])] });
      expect(outcome).toMatchObject({ kind: 'merged', changed: 2 });
      expect(await linedUp(result, outcome)).toEqual({ names: 'a.txt\nb.txt', left: 'replicas: 2' });
    }
  });

  test('is only what its approvers signed: other paths, or a permit of another result, do not count', async () => {
    const result = await beyond(SIGNED());
    const { leaveOut: _, ...whole } = permit(result, ['deploy/**']);
    const other = permit(result, ['deploy/**'], { head: result.at.base });
    const elsewhere = { ...permit(result, ['deploy/**']), workflow: AGENT };
    for (const one of [whole, { ...whole, leaveOut: ['b.txt'] }, other, elsewhere])
      expect(await integrate(result, { permits: [one] })).toMatchObject({
        kind: 'outside',
        paths: expect.arrayContaining(['deploy/prod.yaml']),
      });
    expect(await integrate(result, { permits: [permit(result, ['b.txt'])] })).toMatchObject({
      kind: 'merged',
      changed: 2,
    });
  });

  test('can be all of it: then the task has changed nothing', async () => {
    const result = await beyond(SIGNED());
    const permits = [permit(result, ['**'])];
    expect(await integrate(result, { permits })).toMatchObject({ kind: 'unchanged' });
  });
});
