import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AccountView } from '../../src/core/budget/account.ts';
import { findMessageProblem, openAccount, periodOf } from '../../src/core/budget/account.ts';
import type { Period } from '../../src/core/budget/amounts.ts';
import { SHARED_BUDGETS } from '../../src/core/policy/shared-budgets.ts';
import { Bank } from '../core/bank.ts';
import { planOf, randomFrom } from '../core/builders.ts';
import { World } from '../core/world.ts';
import { sweep } from '../sweep.ts';

const TEAM = { account: 'team', per: 'month' as const };
const DAY_MS = 24 * 60 * 60 * 1000;
const LIMIT = { tokens: 1000, usd: 10 };

function takenOf(view: AccountView | undefined): { tokens: number; usd: number } {
  const { spent, reserved } = view ?? { spent: LIMIT, reserved: LIMIT };
  return { tokens: spent.tokens + reserved.tokens, usd: spent.usd + reserved.usd };
}

test('what is set aside and spent together never exceeds the limit, in any schedule, however often messages come', () => {
  const id = fc.constantFrom('r1', 'r2', 'r3', 'r4');
  const amount = { tokens: fc.integer({ min: 0, max: 800 }), usd: fc.integer({ min: 0, max: 8 }) };
  const move = fc.oneof(
    { weight: 5, arbitrary: fc.record({ verb: fc.constant('reserve' as const), id, ...amount }) },
    { weight: 3, arbitrary: fc.record({ verb: fc.constant('settle' as const), id, ...amount }) },
    { weight: 1, arbitrary: fc.record({ verb: fc.constant('raise' as const), id, ...amount }) },
    { weight: 1, arbitrary: fc.record({ verb: fc.constant('later' as const), id, ...amount }) },
  );
  let short = 0;
  fc.assert(
    fc.property(fc.array(fc.tuple(move, fc.boolean()), { maxLength: 30 }), (moves) => {
      const bank = new Bank();
      const held = new Map<string, { tokens: number; usd: number }>();
      let at = Date.UTC(2026, 10, 3);
      let since = '2026-11-01';
      let [carried, reserved] = [
        { tokens: 0, usd: 0 },
        { tokens: 0, usd: 0 },
      ];
      for (const [{ verb, id: holder, tokens, usd }, again] of moves) {
        const send = (): unknown => {
          if (verb === 'reserve') return bank.send(TEAM, verb, { holder, tokens, usd, limit: LIMIT }, at);
          if (verb === 'raise') return bank.send(TEAM, verb, { tokens: tokens + 1, usd, by: 'ann' }, at);
          // No refactor takes more than it has reserved.
          const most = held.get(holder) ?? { tokens: 0, usd: 0 };
          const took = { tokens: Math.min(tokens, most.tokens), usd: Math.min(usd, most.usd) };
          return bank.send(TEAM, 'settle', { holder, ...took }, at);
        };
        if (verb === 'later') at += 9 * DAY_MS;
        else {
          const answer = send();
          const view = bank.view('team');
          if (again && verb !== 'raise') {
            expect(send()).toEqual(answer);
            expect(bank.view('team')).toEqual(view);
          }
          if (verb === 'reserve' && (answer as { kind: string }).kind === 'reserved') held.set(holder, { tokens, usd });
          else if (verb === 'reserve') short += 1;
          if (verb === 'settle') held.delete(holder);
        }
        const view = bank.view('team');
        if (!view) continue;
        const taken = takenOf(view);
        if (view.since !== since) {
          // Reservations live on, also those from what people added in the earlier period.
          since = view.since;
          carried = reserved;
        }
        reserved = view.reserved;
        expect(taken.tokens).toBeLessThanOrEqual(Math.max(carried.tokens, LIMIT.tokens + view.raised.tokens));
        expect(taken.usd).toBeLessThanOrEqual(Math.max(carried.usd, LIMIT.usd + view.raised.usd));
        expect(Math.min(taken.tokens, taken.usd)).toBeGreaterThanOrEqual(0);
        expect(new Set(view.holders.map((one) => one.id))).toEqual(new Set(held.keys()));
      }
    }),
    { numRuns: sweep(1000, 10_000) },
  );
  expect(short).toBeGreaterThan(sweep(20, 200));
});

test('refactors that share an account never spend more than it has, whatever people approve', () => {
  const limit = 150_000;
  const policy = { budget: { tokens: 60_000 } };
  const team = { sharedBudgets: [{ ...TEAM, tokens: limit }] };
  let held = 0;
  for (let seed = 0; seed < sweep(30, 150); seed += 1) {
    const random = randomFrom(seed);
    const bank = new Bank();
    const usage = () => ({
      inputTokens: Math.floor(random() * 3000),
      cachedTokens: 0,
      outputTokens: Math.floor(random() * 9000),
      costUsd: null,
    });
    const plan = planOf({ id: 'a' }, { id: 'b' });
    const runs = ['r1', 'r2', 'r3', 'r4'].map(
      (id) => new World({ id, plan, random, callsPerTask: 3, usage, bank, team }, { policy }),
    );
    const spent = (): number =>
      runs
        .flatMap(({ agents }) => [...agents.values()])
        .reduce((sum, one) => sum + one.spend.inputTokens + one.spend.outputTokens, 0);
    for (let round = 0; round < 40; round += 1) {
      for (const run of runs) {
        for (let moves = Math.floor(random() * 20); moves > 0; moves -= 1) {
          run.stepRefactor();
          for (const id of run.agents.keys()) run.stepAgent(id);
        }
        run.send('approve');
        if (random() < 0.2) run.send('resume');
        if (random() < 0.01) run.send('stop');
        expect(spent()).toBeLessThanOrEqual(limit);
        if (run.refactor.hold?.reason.includes('the account team has')) held += 1;
      }
    }
    for (const run of runs.filter(({ done }) => done)) expect(run.refactor.reserved?.settled ?? true).toBe(true);
  }
  expect(held).toBeGreaterThan(sweep(5, 50));
});

describe('an account', () => {
  const at = Date.UTC(2026, 10, 3);
  const reserveFor = (bank: Bank, holder: string, tokens: number, when = at) =>
    bank.send(TEAM, 'reserve', { holder, tokens, usd: 0, limit: LIMIT }, when);

  test('that is short says what is left, who has the rest, and changes nothing', () => {
    const bank = new Bank();
    reserveFor(bank, 'r1', 700);
    const before = bank.view('team');
    expect(reserveFor(bank, 'r2', 400)).toEqual({
      kind: 'short',
      reason:
        'the account team has 300 tokens of 1000 tokens left for this month, and 400 tokens are to be set aside; ' +
        'set aside by r1 (700 tokens)',
      others: [{ id: 'r1', tokens: 700, usd: 0 }],
    });
    expect(bank.view('team')).toEqual(before);
    bank.send(TEAM, 'settle', { holder: 'r1', tokens: 200, usd: 0 }, at);
    expect(reserveFor(bank, 'r2', 800)).toEqual({ kind: 'reserved' });
  });

  test('forgets at the end of a period what was spent, never what is set aside; a clock set back brings nothing again', () => {
    const bank = new Bank();
    reserveFor(bank, 'r1', 300);
    bank.send(TEAM, 'settle', { holder: 'r1', tokens: 300, usd: 0 }, at);
    reserveFor(bank, 'r2', 600);
    const next = Date.UTC(2026, 11, 1);
    expect(reserveFor(bank, 'r3', 500, next)).toMatchObject({ kind: 'short' });
    expect(reserveFor(bank, 'r3', 400, next)).toEqual({ kind: 'reserved' });
    expect(reserveFor(bank, 'r4', 1, at)).toMatchObject({ kind: 'short' });
    expect(bank.view('team')).toMatchObject({ since: '2026-12-01', spent: { tokens: 0 }, reserved: { tokens: 1000 } });
  });

  test('remembers what thousands of refactors spent', () => {
    const bank = new Bank();
    for (let index = 0; index < 1200; index += 1)
      bank.send(TEAM, 'settle', { holder: `r${index}`, tokens: 1, usd: 0 }, at);
    expect(bank.view('team')?.spent.tokens).toBe(1200);
    expect(JSON.stringify(bank.accounts.get('team')).length).toBeLessThan(32_000);
    for (let index = 0; index < 120; index += 1) bank.send(TEAM, 'raise', { tokens: 2, by: `p${index}` }, at);
    expect(bank.view('team')).toMatchObject({ raised: { tokens: 240 } });
    expect(bank.view('team')?.raises.length).toBeLessThanOrEqual(51);
  });

  test.each<[Period, string, string]>([
    ['day', '2026-11-01T23:59:59Z', '2026-11-01'],
    ['week', '2026-11-01T23:59:59Z', '2026-10-26'],
    ['week', '2026-11-02T00:00:00Z', '2026-11-02'],
    ['month', '2026-11-30T12:00:00Z', '2026-11-01'],
  ])('has periods by the calendar in UTC: the %s of %s', (per, moment, first) => {
    expect(periodOf(per, Date.parse(moment))).toBe(first);
  });

  test.each([
    ['reserve', { holder: 'r', tokens: -1, usd: 0, limit: {} }, 'tokens'],
    ['settle', { tokens: 1, usd: 0 }, 'holder'],
    ['raise', {}, 'nothing to add: name tokens or usd'],
    ['raise', { tokens: 'many' }, 'tokens'],
    ['raise', null, 'does not fit'],
  ] as const)('refuses a %s that does not fit, and says why', (verb, message, words) => {
    expect(findMessageProblem(verb, message)).toContain(words);
  });

  test('is not started under a bad name', () => {
    const where = { taskQueue: 'queue', workflowId: 'queue-account-../x-day' };
    expect(openAccount({ account: '../x', per: 'day' }, at, where)).toMatchObject({
      kind: 'bad',
      problem: expect.stringContaining('a name of letters'),
    });
  });

  test('is of the name and the period that its workflow id says', () => {
    const at = Date.UTC(2026, 10, 3);
    const where = { taskQueue: 'queue', workflowId: 'queue-account-team-month' };
    expect(openAccount(TEAM, at, where)).toMatchObject({ kind: 'ok', state: { name: 'team', per: 'month' } });
    for (const input of [
      { account: 'team', per: 'day' },
      { account: 'other', per: 'month' },
    ])
      expect(openAccount(input, at, where)).toMatchObject({
        kind: 'bad',
        problem: expect.stringContaining(`queue-account-${input.account}-${input.per}`),
      });
  });

  test('counts no raise while policy requires signed decisions, not even an earlier one', () => {
    const bank = new Bank();
    bank.send(TEAM, 'raise', { tokens: 1e9, by: 'cfo' }, at);
    const reserve = (holder: string, signatures: 'required' | 'optional'): unknown =>
      bank.send(TEAM, 'reserve', { holder, tokens: 600, usd: 0, limit: LIMIT, signatures }, at);
    expect(reserve('r1', 'required')).toEqual({ kind: 'reserved' });
    expect(reserve('r2', 'required')).toMatchObject({
      kind: 'short',
      reason: expect.stringContaining('400 tokens of 1000 tokens'),
    });
    expect(bank.view('team')).toMatchObject({ raised: { tokens: 0 }, raises: [{ by: 'cfo', tokens: 1e9 }] });
    expect(reserve('r2', 'optional')).toEqual({ kind: 'reserved' });
  });
});

test('if two layers name an account the smaller amounts count; different periods are different limits', () => {
  const one = [{ ...TEAM, tokens: 10 }];
  const other = [
    { ...TEAM, tokens: 20, usd: 3 },
    { account: 'team', per: 'day' as const, usd: 1 },
  ];
  const both = [other[1], { ...TEAM, tokens: 10, usd: 3 }];
  expect(SHARED_BUDGETS.tighten(one, other as never)).toEqual(both);
  expect(SHARED_BUDGETS.tighten(other as never, one)).toEqual(both);
});

test('a refactor without a budget of its own does not start under an account that counts it', () => {
  const run = new World({
    plan: planOf({ id: 'a' }),
    random: () => 0.5,
    callsPerTask: 1,
    bank: new Bank(),
    team: { sharedBudgets: [{ ...TEAM, tokens: 5 }] },
  });
  run.refactor = { ...run.refactor, policyFrom: null };
  run.settle();
  expect(run.refactor.outcome).toMatchObject({
    kind: 'failed',
    reason: expect.stringMatching(
      /^the account team counts tokens, .*\(budget\.tokens, in its input or in any layer of policy\)$/,
    ),
  });
});
