import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Approver, Silence } from '../../../src/core/policy/approvers.ts';
import { findRuleProblems, OPEN_RULES } from '../../../src/core/policy/approvers.ts';
import { rulesOf } from '../../../src/core/policy/decision-fields.ts';
import { DECISION_KINDS, QUORUM_KINDS } from '../../../src/core/policy/decision-kinds.ts';
import type { Policy } from '../../../src/core/policy/policy.ts';
import type { Layer } from '../../../src/core/policy/resolve.ts';
import { policySchema } from '../../../src/core/policy/policy.ts';
import { isAsStrict, mergeLimits, resolveLayers } from '../../../src/core/policy/resolve.ts';
import { policyOf } from '../builders.ts';
import { Keys, plainKeys } from '../signers.ts';

const keys = new Keys(plainKeys);
const ALL = ['ann', 'bob', 'carl'];
const [ann, bob, carl] = ALL.map((name) => keys.approver(name)) as [Approver, Approver, Approver];

const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined });
const moment = maybe(fc.constantFrom('2026-01-01', '2026-01-01T00:00:00Z', '2027-01-01'));
const listed = fc.record({
  name: fc.constantFrom(...ALL),
  comment: fc.constantFrom('', ' at home'),
  may: maybe(fc.uniqueArray(fc.constantFrom(...DECISION_KINDS), { maxLength: 4 })),
  validAfter: moment,
  validBefore: moment,
});
const approvers = fc.uniqueArray(listed, { selector: ({ name }) => name, maxLength: 3 }).map((all) =>
  all.map(({ name, comment, ...rest }) => {
    const entry = keys.approver(name, rest as Omit<Approver, 'name' | 'publicKey'>);
    return { ...entry, publicKey: entry.publicKey + comment };
  }),
);
const silence = maybe(
  fc.record({
    after: fc.integer({ min: 1, max: 5 }),
    means: fc.constantFrom('hold', 'escalate', 'deny', 'proceed'),
    to: maybe(fc.uniqueArray(fc.constantFrom(...ALL))),
  }),
);
const each = <T>(kinds: readonly string[], value: fc.Arbitrary<T>): fc.Arbitrary<object> =>
  fc.record(Object.fromEntries(kinds.map((kind) => [kind, value])));

/** Settings on decisions as a layer may have them. */
const settings = fc
  .record({
    signatures: maybe(fc.constantFrom('required', 'optional')),
    bound: maybe(fc.constantFrom('required', 'optional')),
    expiresAt: maybe(fc.constantFrom('required', 'optional')),
    selfApproval: maybe(fc.constantFrom('allow', 'deny')),
    approvers: maybe(approvers),
    quorum: each(QUORUM_KINDS, maybe(fc.integer({ min: 1, max: 4 }))),
    silence: each(DECISION_KINDS, silence),
  })
  .map((decisions) => JSON.parse(JSON.stringify({ decisions })) as Policy);

/** The same settings in their plainest spelling. */
const plain = settings.map((one) => mergeLimits(one, one));

describe('what two layers say of decisions, as one,', () => {
  test('is never looser than either, and is itself a policy', () => {
    fc.assert(
      fc.property(settings, settings, (one, other) => {
        const merged = mergeLimits(one, other);
        expect(isAsStrict(merged, one) && isAsStrict(merged, other)).toBe(true);
        expect(policySchema.safeParse(merged).error).toBeUndefined();
      }),
    );
  });

  test('is the same in whichever order and however often they are joined', () => {
    fc.assert(
      fc.property(plain, plain, plain, (a, b, c) => {
        const left = mergeLimits(mergeLimits(a, b), c);
        expect(left).toEqual(mergeLimits(a, mergeLimits(b, c)));
        expect(mergeLimits(left, left)).toEqual(left);
        expect(mergeLimits(left, b)).toEqual(left);
        expect(mergeLimits(b, a)).toEqual(mergeLimits(a, b));
      }),
    );
  });

  test('asks for what both ask for', () => {
    const team: Policy = {
      decisions: {
        signatures: 'required',
        approvers: [ann, { ...bob, may: ['plan', 'delivery'] }],
        quorum: { plan: 2 },
        silence: { question: { after: 60, means: 'proceed' } },
      },
    };
    const repository: Policy = {
      decisions: {
        selfApproval: 'deny',
        approvers: [{ ...bob, may: ['plan', 'budget'], validBefore: '2027-01-01' }, carl],
        quorum: { plan: 1, delivery: 3 },
        silence: { question: { after: 30, means: 'deny' }, plan: { after: 9, means: 'hold' } },
      },
    };
    expect(mergeLimits(team, repository)).toEqual({
      decisions: {
        signatures: 'required',
        selfApproval: 'deny',
        approvers: [{ ...bob, may: ['plan'], validBefore: '2027-01-01' }],
        quorum: { plan: 2, delivery: 3 },
        silence: { question: { after: 30, means: 'deny' }, plan: { after: 9, means: 'hold' } },
      },
    });
  });
});

describe('layers', () => {
  const team = (limits: Policy['decisions']): Layer => ({ name: 'team', limits: { decisions: limits } });
  const run = (decisions: Policy['decisions']): Layer => ({ name: 'run', defaults: { decisions } });

  test.each<[string, Policy['decisions'], Policy['decisions']]>([
    ['signatures', { signatures: 'required' }, { signatures: 'optional' }],
    ['bound', { bound: 'required' }, { bound: 'optional' }],
    ['selfApproval', { selfApproval: 'deny' }, { selfApproval: 'allow' }],
    ['approvers', { approvers: [ann] }, { approvers: [ann, bob] }],
    ['approvers', { approvers: [{ ...ann, may: ['plan'] }] }, { approvers: [ann] }],
    ['quorum.plan', { quorum: { plan: 2 } }, { quorum: { plan: 1 } }],
    [
      'silence.call',
      { silence: { call: { after: 9, means: 'hold' } } },
      { silence: { call: { after: 9, means: 'proceed' } } },
    ],
  ])('that are looser in %s than a limit are named, not ignored', (name, limit, loose) => {
    const result = resolveLayers([team(limit), run(loose)]);
    expect(result).toMatchObject({ kind: 'bad', problems: [expect.stringContaining(`policy.decisions.${name}: `)] });
    expect(resolveLayers([team(limit), run(limit)])).toMatchObject({ kind: 'ok' });
  });

  test('that say nothing get the limits of those above, each with its source', () => {
    const result = resolveLayers([team({ signatures: 'required', approvers: [ann], quorum: { plan: 2 } }), run({})]);
    if (result.kind === 'bad') throw new Error(result.problems.join());
    expect(result.policy.decisions).toMatchObject({
      signatures: { value: 'required', from: 'team' },
      quorum: { plan: { value: 2, from: 'team' }, delivery: { value: 1, from: 'built-in' } },
      silence: { plan: { value: null, from: 'built-in' } },
    });
    expect(rulesOf(result.policy)).toEqual({
      signatures: 'required',
      bound: 'optional',
      expiresAt: 'optional',
      approvers: [ann],
      selfApproval: 'allow',
      quorum: Object.fromEntries(QUORUM_KINDS.map((kind) => [kind, kind === 'plan' ? 2 : 1])),
      silence: {},
    });
  });

  test('that limit how silence may proceed do not make it proceed', () => {
    const result = resolveLayers([team({ silence: { question: { after: 9, means: 'proceed' } } })]);
    if (result.kind === 'bad') throw new Error(result.problems.join());
    expect(rulesOf(result.policy).silence).toEqual({});
  });

  test('of older runs, and none at all, let anyone decide', () => {
    expect(rulesOf({})).toEqual(OPEN_RULES);
    const quorum = Object.fromEntries(QUORUM_KINDS.map((kind) => [kind, 1]));
    expect(rulesOf(policyOf())).toEqual({ ...OPEN_RULES, quorum });
  });
});

test('rules under which nothing could be decided are found before anything starts', () => {
  const problemsOf = (decisions: Policy['decisions'], requestedBy?: string): string[] =>
    findRuleProblems(rulesOf(policyOf({ decisions })), requestedBy);
  expect(problemsOf({})).toEqual([]);
  expect(problemsOf({ signatures: 'required', approvers: [ann, bob], quorum: { plan: 2 } })).toEqual([]);
  expect(problemsOf({ signatures: 'required' })).toEqual([
    'decisions.signatures are required, but decisions.approvers lists nobody who could sign',
  ]);
  expect(problemsOf({ selfApproval: 'deny' })).toEqual([
    'decisions.selfApproval is denied: say who requests this (requestedBy)',
  ]);
  expect(problemsOf({ approvers: [ann, bob], selfApproval: 'deny', quorum: { plan: 2 } }, 'ANN')).toEqual([
    'a plan needs 2 approvals, and only these approvers may decide it: bob',
  ]);
  expect(problemsOf({ approvers: [ann], silence: { call: { after: 1, means: 'escalate' } } })).toEqual([
    'decisions.silence.call escalates to nobody: name people in "to"',
  ]);
  expect(problemsOf({ approvers: [ann], silence: { call: { after: 1, means: 'escalate', to: ['eve'] } } })).toEqual([
    'decisions.silence.call escalates to eve, who is not one of decisions.approvers',
  ]);
  expect(problemsOf({ silence: { delivery: { after: 1, means: 'proceed' } } })).toEqual([
    "decisions.silence.delivery can't proceed: the risk of a delivery is never low",
  ]);
});

describe('who may decide is said by the layer that names approvers, or one above it:', () => {
  const boss = keys.approver('boss', { may: ['question'] });
  const limits = { decisions: { signatures: 'required', approvers: [ann, boss] } } satisfies Policy;
  const rules = (above: Policy, run: Policy, defaults: Policy = {}): ReturnType<typeof rulesOf> => {
    const layers: Layer[] = [
      { name: 'organisation', limits: above, defaults },
      { name: 'run', defaults: run },
    ];
    const resolved = resolveLayers(layers);
    if (resolved.kind === 'bad') throw new Error(resolved.problems.join('; '));
    return rulesOf(resolved.policy);
  };
  const escalated: Silence = { after: 1, means: 'escalate', to: ['boss'] };

  test('a run escalates to nobody who may not decide it, and lets silence decide nothing', () => {
    const silence = { plan: escalated, question: escalated, call: { after: 1, means: 'proceed' as const } };
    expect(rules(limits, { decisions: { silence } }).silence).toEqual({
      plan: { after: 1, means: 'hold' },
      question: escalated,
      call: { after: 1, means: 'hold' },
    });
  });

  test('not even one that repeats the approvers as its own', () => {
    const decisions = { silence: { plan: escalated }, approvers: limits.decisions.approvers };
    expect(rules(limits, { decisions }).silence).toEqual({ plan: { after: 1, means: 'hold' } });
  });

  test('the organisation does, and so does a run that no layer names approvers for', () => {
    const silence = { plan: escalated };
    expect(rules(limits, {}, { decisions: { silence } }).silence).toEqual({ plan: escalated });
    expect(rules({}, { decisions: { ...limits.decisions, silence } }).silence).toEqual({ plan: escalated });
  });
});
