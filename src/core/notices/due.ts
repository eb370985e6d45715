/**
 * What people are to be told of a refactor now: what waits for them, that it stalls, that it ends, what it has spent.
 * Rule: pure. Each piece of news has a key and is told once; the notice's id is made of it, so that a repetition can be
 * recognised.
 */
import type { Decision } from '../decisions/control.ts';
import { digestValue } from '../digest.ts';
import { riskOf } from '../policy/approvers.ts';
import { boundsOf } from '../policy/bounds.ts';
import { shownKindOf } from '../policy/decision-kinds.ts';
import type { NoticeKind, Quiet } from '../policy/notify-field.ts';
import { receiversOf } from '../policy/notify-field.ts';
import { UNLIMITED } from '../policy/policy.ts';
import { showUsd } from '../price.ts';
import type { Notice, Notices } from '../refactor/exchange.ts';
import type { RefactorState } from '../refactor/state.ts';
import { listAllOpen, listRunning } from '../refactor/work.ts';
import { asLine, clipText, firstLine } from '../text/lines.ts';
import { isAtWork, progressOf } from './stalls.ts';

/** Keys that are remembered, the newest ones; more than a refactor has open at one time. */
const MAX_TOLD = 500;
/** The part of a budget after which people are told. */
const BUDGET_PART = 0.75;
/** Characters of a line for people. */
const MAX_TEXT = 300;
const MAX_GOAL = 1000;
const ID_DIGITS = 32;
const MINUTE_MS = 60_000;

interface News {
  kind: NoticeKind;
  key: string;
  text: string;
  decision?: NonNullable<Notice['decision']>;
}

export interface DueNotice {
  key: string;
  notice: Notice;
  receivers: { to: string; quiet: Quiet[] }[];
}

/** The next notice to send; undefined if everybody was told everything, or nobody wants to be told. */
export function nextNotice(state: RefactorState, at: number): DueNotice | undefined {
  const { notices, policy } = state;
  const wanted = policy.notify?.value ?? [];
  if (!notices || wanted.length === 0) return undefined;
  for (const { kind, key, text, decision } of listNews(state, notices)) {
    const receivers = receiversOf(wanted, kind);
    if (receivers.length === 0 || notices.told.includes(key)) continue;
    const { repository, goal, team, campaign } = state.input;
    const notice: Notice = {
      id: digestValue([state.id, state.control.place?.firstRun ?? '', key]).slice(0, ID_DIGITS),
      kind,
      at,
      run: state.id,
      goal: clipText(goal, MAX_GOAL),
      repository,
      ...(team === undefined ? {} : { team }),
      ...(campaign === undefined ? {} : { campaign }),
      text: clipText(asLine(`${state.id} ${text}`), MAX_TEXT),
      ...(decision ? { decision } : {}),
    };
    return { key, notice, receivers };
  }
  return undefined;
}

function listNews(state: RefactorState, { stalled }: Notices): News[] {
  const holds = [
    ...(state.hold ? [{ id: state.id, ...state.hold }] : []),
    ...listRunning(state).flatMap(({ id, report }) => (report?.hold ? [{ id, ...report.hold }] : [])),
  ];
  const isStalled = stalled !== undefined && isAtWork(state) && stalled === progressOf(state);
  return [
    ...(state.outcome ? [toEnd(state.outcome)] : listAllOpen(state).map(toDecision)),
    ...holds.map(({ id, at, reason }): News => ({ kind: 'waits', key: `hold ${id} ${at}`, text: `holds: ${reason}` })),
    ...listBudgets(state),
    ...(isStalled ? [{ kind: 'stalls' as const, key: `stall ${stalled}`, text: 'has made no progress for long' }] : []),
  ];
}

function toDecision(decision: Decision): News {
  const { id, about, digest, openedAt, owner } = decision;
  const kind = shownKindOf(decision);
  const risk = riskOf(decision);
  return {
    kind: 'waits',
    key: `decision ${owner ?? ''} ${id} ${openedAt}`,
    text: `waits for a person: ${id} (${kind}, ${risk} risk): ${firstLine(about)}`,
    decision: { id, kind, risk, digest, ...(owner === undefined ? {} : { owner }) },
  };
}

function toEnd(outcome: NonNullable<RefactorState['outcome']>): News {
  const why = outcome.kind === 'done' ? '' : `: ${outcome.reason}`;
  return { kind: 'ends', key: 'end', text: `has ended, ${outcome.kind}${why}` };
}

/** Budgets of which most is spent. A budget that was raised is told of again. */
function listBudgets(state: RefactorState): News[] {
  const { policy, budgetAdded, usdAdded, clock } = state;
  const { tokens, usd, minutes } = policy.budget;
  const bounds = boundsOf(policy);
  const spends = [
    ...state.agents.flatMap(({ report }) => report?.spend ?? []),
    ...(state.reviewSpend ? [state.reviewSpend] : []),
  ];
  const spent = {
    tokens: spends.reduce((sum, { inputTokens, outputTokens }) => sum + inputTokens + outputTokens, 0),
    usd: spends.reduce((sum, { costUsd }) => sum + (costUsd ?? 0), 0),
    minutes: (clock?.workedMs ?? 0) / MINUTE_MS,
  };
  const told = (what: string, part: number, all: number, show: (amount: number) => string): News[] =>
    part < all * BUDGET_PART
      ? []
      : [
          {
            kind: 'budget',
            key: `budget ${what} ${all}`,
            text: `has used ${show(part)} of ${show(all)} of its budget`,
          },
        ];
  return [
    ...(bounds.tokens ? told('tokens', spent.tokens, tokens.value + budgetAdded, (n) => `${n} tokens`) : []),
    ...(bounds.usd && usd ? told('usd', spent.usd, usd.value + usdAdded, showUsd) : []),
    ...(minutes && minutes.value < UNLIMITED
      ? told('minutes', spent.minutes, minutes.value + (clock?.addedMinutes ?? 0), (n) => `${Math.floor(n)} minutes`)
      : []),
  ];
}

/** Remembers that the receivers of a notice are being told. */
export function noteTold(state: RefactorState, key: string): RefactorState {
  const { notices } = state;
  return notices ? { ...state, notices: { ...notices, told: [...notices.told, key].slice(-MAX_TOLD) } } : state;
}

/** Remembers that nothing has moved since then. */
export function noteStall(state: RefactorState, progress: string): RefactorState {
  return state.notices ? { ...state, notices: { ...state.notices, stalled: progress } } : state;
}

/** What a notice's delivery says: why its receiver does not take it, or null after it did. */
export interface NoticeReport {
  to: string;
  problem: string | null;
}

/** Remembers which receivers do not answer. */
export function takeNoticeReport(state: RefactorState, at: number, { to, problem }: NoticeReport): RefactorState {
  const { notices } = state;
  if (!notices) return state;
  const { [to]: before, ...failing } = notices.failing ?? {};
  const now = problem === null ? {} : { [to]: { since: before?.since ?? at, reason: problem } };
  return { ...state, notices: { ...notices, failing: { ...failing, ...now } } };
}

/** One line for people about receivers that do not answer; null if all do. */
export function showFailing({ notices }: Pick<RefactorState, 'notices'>): string | null {
  const [first, ...others] = Object.entries(notices?.failing ?? {});
  if (!first) return null;
  const [to, { since, reason }] = first;
  const more = others.length > 0 ? `; and ${others.map(([name]) => name).join(', ')}` : '';
  return `the receiver ${to} takes no notice since ${new Date(since).toISOString()}: ${reason}${more}`;
}
