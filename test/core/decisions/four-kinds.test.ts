/** The kind `scope` became four kinds with fields of their own in policy; older policies and decisions still count. */
import { describe, expect, test } from 'vitest';
import type { Control } from '../../../src/core/decisions/control.ts';
import { createControl } from '../../../src/core/decisions/control.ts';
import { listOpenDecisions, openDecision } from '../../../src/core/decisions/open-decisions.ts';
import { renderSignedText } from '../../../src/core/decisions/signed-text.ts';
import { listApprovers, quorumOf } from '../../../src/core/policy/approvers.ts';
import { rulesOf } from '../../../src/core/policy/decision-fields.ts';
import type { DecisionKind } from '../../../src/core/policy/decision-kinds.ts';
import { upgradeDecision } from '../../../src/core/policy/decision-kinds.ts';
import { policySchema } from '../../../src/core/policy/policy.ts';
import type { Policy } from '../../../src/core/policy/policy.ts';
import { resolveLayers } from '../../../src/core/policy/resolve.ts';
import { listNeeds } from '../../../src/core/views/status.ts';
import { policyOf } from '../builders.ts';
import { Keys, plainKeys } from '../signers.ts';

const KINDS = ['outside', 'effects', 'integration', 'review'] as const;
const keys = new Keys(plainKeys);

function quorumsOf(policy: Policy, above?: Policy): number[] {
  const rules = rulesOf(policyOf(policySchema.parse(policy), above));
  return KINDS.map((kind) => quorumOf(rules, kind));
}

describe('in a policy file', () => {
  test('each of the four has a row of its own', () => {
    expect(quorumsOf({ decisions: { quorum: { outside: 2, effects: 3, integration: 4, review: 5 } } })).toEqual([
      2, 3, 4, 5,
    ]);
  });

  test('scope counts for all four, but for those that the same file names', () => {
    expect(quorumsOf({ decisions: { quorum: { scope: 2 } } })).toEqual([2, 2, 2, 2]);
    expect(quorumsOf({ decisions: { quorum: { scope: 2, review: 1 } } })).toEqual([2, 2, 2, 1]);
    const silence = { after: 60, means: 'deny' } as const;
    const rules = rulesOf(policyOf(policySchema.parse({ decisions: { silence: { scope: silence } } })));
    expect(KINDS.map((kind) => rules.silence[kind])).toEqual([silence, silence, silence, silence]);
  });

  test('the stricter of a row and of scope in another layer counts, and a looser one is refused by its name', () => {
    const above = { decisions: { quorum: { scope: 2 } } };
    expect(quorumsOf({}, above)).toEqual([2, 2, 2, 2]);
    expect(quorumsOf({ decisions: { quorum: { effects: 3 } } }, above)).toEqual([2, 3, 2, 2]);
    const problems = (run: Policy): unknown =>
      resolveLayers([
        { name: 'team', limits: { decisions: { quorum: { effects: 3 } } } },
        { name: 'run', defaults: run },
      ]);
    const said = 'looser than the limit 3 of the team layer';
    expect(problems({ decisions: { quorum: { scope: 2 } } })).toMatchObject({
      problems: [`policy.decisions.quorum.scope: 2 is ${said}`],
    });
    expect(problems({ decisions: { quorum: { effects: 1, scope: 9 } } })).toMatchObject({
      problems: [`policy.decisions.quorum.effects: 1 is ${said}`],
    });
  });

  test('an approver for scope may decide all four, one for effects only these', () => {
    const approvers = [
      keys.approver('ann', { may: ['scope'] }),
      keys.approver('bob', { may: ['effects'] }),
      keys.approver('eve', { may: ['plan'] }),
    ];
    const rules = rulesOf(policyOf(policySchema.parse({ decisions: { approvers } }), { decisions: { approvers } }));
    const who = (kind: DecisionKind): string[] => (listApprovers(rules, { kind }) ?? []).map(({ name }) => name);
    expect(KINDS.map(who)).toEqual([['ann'], ['ann', 'bob'], ['ann'], ['ann']]);
  });
});

test('a policy that was read before there were four rows has its one row for each of them', () => {
  const read = policyOf({ decisions: { quorum: { plan: 2 } } });
  const { outside: _o, effects: _e, integration: _i, review: _r, ...quorum } = read.decisions?.quorum ?? {};
  const stored = {
    ...read,
    decisions: { ...read.decisions, quorum: { ...quorum, scope: { value: 3, from: 'team' } } },
  };
  const rules = rulesOf(JSON.parse(JSON.stringify(stored)) as typeof read);
  expect([...KINDS, 'plan' as const].map((kind) => quorumOf(rules, kind))).toEqual([3, 3, 3, 3, 2]);
});

describe('a decision', () => {
  const about = { about: 'what', digest: 'd'.repeat(8) };

  test('of a new run is called by its kind in its id, its signed text and the list of needs', () => {
    const begun: Control = { ...createControl(), fourKinds: true };
    const control = KINDS.reduce((all, kind) => openDecision(all, 7, { kind, task: 'lib', ...about }), begun);
    const open = listOpenDecisions(control);
    expect(open.map(({ id }) => id)).toEqual(['lib/outside@1', 'lib/effects@1', 'lib/integration@1', 'lib/review@1']);
    expect(listNeeds(open, null)).toEqual(['effects', 'integration', 'outside', 'review']);
    const [outside] = open;
    expect(outside && renderSignedText({ ...outside, workflow: 'r' }, { verb: 'approve', id: 'm' })).toBe(
      '{"decision":"lib/outside@1","digest":"dddddddd","expiresAt":null,"kind":"outside","message":"m","noteDigest":null,"openedAt":7,"verdict":"approve","workflow":"r"}',
    );
  });

  test('of an older run has its kind too, and the id, signed text and need that it had', () => {
    const control = KINDS.reduce((all, kind) => openDecision(all, 7, { kind, task: 'lib', ...about }), createControl());
    const open = listOpenDecisions(control);
    expect(open.map(({ kind }) => kind)).toEqual(KINDS);
    expect(open.map(({ id }) => id)).toEqual(['lib/scope@1', 'lib/effects@1', 'lib/integration@1', 'lib/review@1']);
    expect(listNeeds(open, null)).toEqual(['scope']);
    const [, effects] = open;
    expect(effects && renderSignedText({ ...effects, workflow: 'r' }, { verb: 'approve', id: 'm' })).toBe(
      '{"decision":"lib/effects@1","digest":"dddddddd","expiresAt":null,"kind":"scope","message":"m","noteDigest":null,"openedAt":7,"verdict":"approve","workflow":"r"}',
    );
  });

  test('that an older run stored says by its name what it is about', () => {
    const stored = ['lib/scope@1', 'lib/effects@12', 'lib/integration@2', 'lib/review@1'].map((id) =>
      upgradeDecision({ id, kind: 'scope' }),
    );
    expect(stored.map(({ kind }) => kind)).toEqual(KINDS);
    expect(stored[2]).toEqual({ id: 'lib/integration@2', kind: 'integration', shownAs: 'scope', task: 'lib' });
    expect(upgradeDecision({ id: 'lib/choice@1', kind: 'choice' })).toMatchObject({ kind: 'choice', task: 'lib' });
    expect(upgradeDecision({ id: 'plan@1', kind: 'plan' })).toEqual({ id: 'plan@1', kind: 'plan' });
  });

  test('of another kind is never called a scope, whatever is said of it', () => {
    const delivery = { ...about, id: 'delivery@1', kind: 'delivery' as const, shownAs: 'scope' as const, openedAt: 7 };
    expect(renderSignedText({ ...delivery, workflow: 'r' }, { verb: 'approve' })).toContain('"kind":"delivery"');
  });
});
