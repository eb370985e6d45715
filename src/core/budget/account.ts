/**
 * An account: what the refactors that share a budget have reserved and spent in the current period.
 * Rule: amounts are absolute for each holder, so that a repeated message changes nothing. A reservation is granted only
 * if everything reserved and spent stays within the limit and what people added.
 */
import { z } from 'zod';
import type { Stamps } from './account-stamps.ts';
import { PERIODS, accountNameSchema } from './amounts.ts';
import type { Amount, Period } from './amounts.ts';
import { describeMisfit } from '../plan.ts';
import type { Usage } from '../transcript.ts';

/** What a person added. */
interface Raise extends Amount {
  by: string;
  note: string;
  at: number;
}

export interface AccountState extends Stamps {
  v: 1;
  name: string;
  per: Period;
  /** The first day of the current period, as `2026-11-01`. */
  since: string;
  /** What refactors that are under way have reserved, by their workflow ids. */
  reserved: Record<string, Amount>;
  /**
   * What refactors that ended in this period took: the newest ones each, and `spentBefore`, the sum of all older ones.
   */
  spent: Record<string, Amount>;
  spentBefore: Amount;
  raises: Raise[];
  /**
   * Whether policy requires signed decisions, as the last worker read it. If so, raises are refused, since they have no
   * signature.
   */
  signatures?: 'required' | 'optional' | undefined;
  /** While signatures are required, earlier raises count nothing either. Left out in old accounts. */
  weighsRaises?: true;
}

const NOTHING: Readonly<Amount> = { tokens: 0, usd: 0 };
/** Most ended refactors that are listed by id; older ones are summed. */
const MAX_SPENT = 500;
const MAX_RAISES = 50;
const DAY_MS = 24 * 60 * 60 * 1000;

const amountFields = { tokens: z.number().min(0).max(1e15), usd: z.number().min(0).max(1e12) };
const holder = z.string().min(1).max(1000);
const limit = z.strictObject({ tokens: amountFields.tokens.optional(), usd: amountFields.usd.optional() });

/**
 * A refactor reserves so much in all. `limit` and `signatures` are what its worker reads in the organisation's files.
 */
const reserveSchema = z.strictObject({
  holder,
  ...amountFields,
  limit,
  signatures: z.enum(['required', 'optional']).optional(),
});
/** A refactor ended and took so much. */
const settleSchema = z.strictObject({ holder, ...amountFields });
/** A person adds to the current period. */
const raiseSchema = z
  .strictObject({
    tokens: amountFields.tokens.default(0),
    usd: amountFields.usd.default(0),
    by: z.string().min(1).max(200).default('somebody'),
    note: z.string().max(1000).default(''),
  })
  .refine(({ tokens, usd }) => tokens > 0 || usd > 0, 'nothing to add: name tokens or usd');

/** The input of the workflow type `account`. */
export const accountInputSchema = z.strictObject({ account: accountNameSchema, per: z.enum(PERIODS) });
export type AccountInput = z.infer<typeof accountInputSchema>;
export type ReserveInput = z.infer<typeof reserveSchema>;
export type SettleInput = z.infer<typeof settleSchema>;
type Raised = z.infer<typeof raiseSchema>;
/** Like Raised as a client writes it: fields with defaults may be left out. */
export type RaiseInput = z.input<typeof raiseSchema>;

/** The result of a reservation. `others` are the refactors that have something reserved. */
export type Reservation = { kind: 'reserved' } | { kind: 'short'; reason: string; others: Holder[] };

/** A refactor that is under way, and what it has reserved. */
export type Holder = { id: string } & Amount;

/** The result of the query `status`. */
export interface AccountView {
  account: string;
  per: Period;
  since: string;
  spent: Amount;
  reserved: Amount;
  /** The raises that count: zero while policy requires signed decisions. */
  raised: Amount;
  /** Refactors that are under way, the largest first. */
  holders: Holder[];
  raises: Raise[];
}

function createAccount({ account: name, per }: AccountInput, at: number): AccountState {
  return { v: 1, name, per, since: periodOf(per, at), reserved: {}, spent: {}, spentBefore: NOTHING, raises: [] };
}

/** An account's messages, with the schema of each one's input. */
export const ACCOUNT_SCHEMAS = { reserve: reserveSchema, settle: settleSchema, raise: raiseSchema } as const;
export type AccountVerb = keyof typeof ACCOUNT_SCHEMAS;

/**
 * The account at its start. Anybody can start one before its first refactor does, so the workflow's id must be the one
 * of this account and period. `where` is null in histories from before this was compared.
 */
export function openAccount(
  input: unknown,
  at: number,
  where: { taskQueue: string; workflowId: string } | null,
): { kind: 'ok'; state: AccountState } | { kind: 'bad'; problem: string } {
  const parsed = accountInputSchema.safeParse(input);
  if (!parsed.success) return { kind: 'bad', problem: describeMisfit('account', parsed.error.issues.slice(0, 5)) };
  const state = createAccount(parsed.data, at);
  if (!where) return { kind: 'ok', state };
  const id = accountId(where.taskQueue, parsed.data);
  if (where.workflowId === id) return { kind: 'ok', state: { ...state, weighsRaises: true } };
  const { account, per } = parsed.data;
  return {
    kind: 'bad',
    problem: `the account ${account} per ${per} of this task queue is the workflow ${id}, and this one is ${where.workflowId}: leave it to the first refactor to start it`,
  };
}

/** What is wrong with a message; undefined if nothing is. */
export function findMessageProblem(verb: AccountVerb, input: unknown): string | undefined {
  const parsed = ACCOUNT_SCHEMAS[verb].safeParse(input);
  return parsed.success ? undefined : describeMisfit(verb, parsed.error.issues.slice(0, 5));
}

/** Why this account refuses a raise now; undefined if it does not. */
export function findRaiseProblem({ signatures, name }: AccountState, verb: AccountVerb): string | undefined {
  if (verb !== 'raise' || signatures !== 'required') return undefined;
  return `policy requires signed decisions (decisions.signatures), and a raise has no signature: change the amount of ${name} in the organisation's file (sharedBudgets), then resume the waiting refactors`;
}

/** Applies a message that passed its checks. The answer is what the update returns. */
export function receiveForAccount(
  before: AccountState,
  verb: AccountVerb,
  input: unknown,
  at: number,
): { state: AccountState; answer: Reservation | AccountView } {
  const now = turnPeriod(before, at);
  if (verb === 'reserve') {
    const message = reserveSchema.parse(input);
    const { signatures = now.signatures } = message;
    return reserve({ ...now, ...(signatures === undefined ? {} : { signatures }) }, message);
  }
  const state = verb === 'settle' ? settle(now, settleSchema.parse(input)) : raise(now, raiseSchema.parse(input), at);
  return { state, answer: viewAccount(state) };
}

/** The first day of the period that contains `at`, in UTC. */
export function periodOf(per: Period, at: number): string {
  const day = new Date(at).toISOString().slice(0, 10);
  if (per === 'day') return day;
  if (per === 'month') return `${day.slice(0, 8)}01`;
  const sinceMonday = (new Date(at).getUTCDay() + 6) % 7;
  return new Date(at - sinceMonday * DAY_MS).toISOString().slice(0, 10);
}

/** The account at a moment. A new period begins with what is still reserved. */
function turnPeriod(state: AccountState, at: number): AccountState {
  const since = periodOf(state.per, at);
  // A clock that was set back does not reopen an ended period.
  if (since <= state.since) return state;
  return { ...state, since, spent: {}, spentBefore: NOTHING, raises: [] };
}

/**
 * Reserves an absolute amount for a refactor, in place of its earlier one, or says who has reserved what is missing.
 */
function reserve(
  before: AccountState,
  { holder: id, tokens, usd, limit: most }: ReserveInput,
): { state: AccountState; answer: Reservation } {
  const others = without(before.reserved, id);
  // A refactor that goes on after its end includes in its reservation what it took before.
  const spent = without(before.spent, id);
  const taken = sum([...Object.values(others), ...Object.values(spent), before.spentBefore]);
  const raised = raisedIn(before);
  const isOver = (name: keyof Amount, wanted: number): boolean =>
    most[name] !== undefined && taken[name] + wanted > most[name] + raised[name];
  const short = isOver('tokens', tokens) ? 'tokens' : isOver('usd', usd) ? 'usd' : undefined;
  if (short === undefined)
    return {
      state: { ...before, spent, reserved: { ...others, [id]: { tokens, usd } } },
      answer: { kind: 'reserved' },
    };
  const wanted = { tokens, usd }[short];
  const all = (most[short] ?? 0) + raised[short];
  const largest = rank(others).slice(0, 5);
  const reason = [
    `the account ${before.name} has ${showAmount(short, Math.max(0, all - taken[short]))} of ${showAmount(short, all)}`,
    ` left for this ${before.per}, and ${showAmount(short, wanted)} are to be set aside`,
    largest.length === 0
      ? ''
      : `; set aside by ${largest.map((one) => `${one.id} (${showAmount(short, one[short])})`).join(', ')}`,
  ].join('');
  return { state: before, answer: { kind: 'short', reason, others: rank(others) } };
}

/** Records what a refactor took in all, at its end, and ends its reservation. */
function settle(before: AccountState, { holder: id, tokens, usd }: SettleInput): AccountState {
  const spent = { ...without(before.spent, id), ...(tokens > 0 || usd > 0 ? { [id]: { tokens, usd } } : {}) };
  const old = Object.keys(spent).slice(0, Math.max(0, Object.keys(spent).length - MAX_SPENT));
  return {
    ...before,
    reserved: without(before.reserved, id),
    spent: old.reduce(without, spent),
    spentBefore: sum([before.spentBefore, ...old.map((one) => spent[one] ?? NOTHING)]),
  };
}

function raise(before: AccountState, { tokens, usd, by, note }: Raised, at: number): AccountState {
  const [first, second, ...rest] = before.raises;
  const isFull = before.raises.length >= MAX_RAISES;
  // What people added counts to the end of the period, so the two oldest raises are merged.
  const kept = isFull && first && second ? [{ ...first, ...sum([first, second]) }, ...rest] : before.raises;
  return { ...before, raises: [...kept, { tokens, usd, by, note, at }] };
}

/** The sum of the raises that count. */
function raisedIn({ raises, signatures, weighsRaises }: AccountState): Amount {
  return weighsRaises && signatures === 'required' ? NOTHING : sum(raises);
}

export function viewAccount(state: AccountState): AccountView {
  const { name, per, since, reserved, spent, spentBefore, raises } = state;
  return {
    account: name,
    per,
    since,
    spent: sum([...Object.values(spent), spentBefore]),
    reserved: sum(Object.values(reserved)),
    raised: raisedIn(state),
    holders: rank(reserved),
    raises,
  };
}

/** Id of the account's workflow: one for all workers of a task queue. */
export function accountId(taskQueue: string, { account, per }: AccountInput): string {
  return `${taskQueue}-account-${account}-${per}`;
}

/** What a refactor took of its accounts. An unknown cost counts as everything that it reserved. */
export function tookOf({ inputTokens, outputTokens, costUsd }: Usage, reserved: Amount): Amount {
  return { tokens: inputTokens + outputTokens, usd: costUsd ?? reserved.usd };
}

/** A few lines of Markdown for Temporal's UI. */
export function describeAccount({ account, per, since, spent, reserved, raised, holders }: AccountView): string {
  return [
    `**${account}** · the ${per} since ${since}`,
    `spent ${showAmounts(spent)} · set aside ${showAmounts(reserved)} · added by people ${showAmounts(raised)}`,
    ...holders.slice(0, 20).map(({ id, ...amount }) => `- ${id}: ${showAmounts(amount)}`),
  ].join('\n\n');
}

/** Tokens and dollars for people. */
export function showAmounts({ tokens, usd }: Amount): string {
  return `${showAmount('tokens', tokens)}, ${showAmount('usd', usd)}`;
}

function showAmount(of: keyof Amount, amount: number): string {
  return of === 'tokens' ? `${amount} tokens` : `$${amount.toFixed(2)}`;
}

function rank(reserved: Record<string, Amount>): Holder[] {
  const all = Object.entries(reserved).map(([id, amount]) => ({ id, ...amount }));
  return all.toSorted((a, b) => b.tokens - a.tokens || b.usd - a.usd || (a.id < b.id ? -1 : 1));
}

function sum(amounts: readonly Amount[]): Amount {
  return amounts.reduce<Amount>(
    (all, { tokens, usd }) => ({ tokens: all.tokens + tokens, usd: all.usd + usd }),
    NOTHING,
  );
}

function without(amounts: Record<string, Amount>, id: string): Record<string, Amount> {
  return Object.fromEntries(Object.entries(amounts).filter(([name]) => name !== id));
}
