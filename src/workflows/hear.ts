/**
 * How a run receives messages from other runs and activities of ours: reports, messages passed on, and troubles.
 * Rule: if the run requires seals, a message counts only here and only once; in older runs it must only have the right
 * shape. A message that does not count leaves a refused receipt and changes nothing. Nothing here depends on the run's
 * own id: after a reset the run has another id, and receives the same messages again.
 */
import { workflowInfo } from '@temporalio/workflow';
import type { Share } from '../core/agent/share.ts';
import type { AgentDescription, AgentReport, AgentState } from '../core/agent/state.ts';
import { readForwarded, readReport, readTrouble } from '../core/agent/internal-messages.ts';
import type { Message } from '../core/decisions/messages.ts';
import type { NoticeReport } from '../core/notices/due.ts';
import type { RefactorState } from '../core/refactor/state.ts';
import type { Opened, SealedKind } from '../core/sealed.ts';
import { describeUnsealed, openSeal, runMark } from '../core/sealed.ts';
import type { TroubleNews } from '../core/trouble.ts';
import { isFreshNews } from './sealed-activities.ts';

export type Heard<T> = { kind: 'heard'; message: T; stamp: number } | { kind: 'refused'; problem: string };

/** Identifies a refactor with all its runs. Its agents know it by this mark. */
export function companyMark(): string {
  return runMark(workflowInfo().firstExecutionRunId);
}

/** An agent's report, in its refactor. */
export function hearReport(state: RefactorState, input: unknown): Heard<AgentReport> {
  const opened = openSeal(input);
  if (!state.seals) return shaped(readReport(opened.value), 'it is not a report of an agent');
  const report = opened.value as AgentReport;
  return hear(opened, 'agentReport', companyMark(), { message: report, last: state.heard?.[report?.agent] });
}

/** What became of a notice, in the refactor that it tells of. */
export function hearNotice(state: RefactorState, input: unknown): Heard<NoticeReport> {
  const opened = openSeal(input);
  const message = opened.value as NoticeReport;
  return hear(opened, 'noticeReport', companyMark(), { message, last: state.heard?.[noticesTo(message)] });
}

/** Where a refactor remembers the last report about a receiver; no agent has such an id. */
export function noticesTo({ to }: NoticeReport): string {
  return `notices to ${to}`;
}

/** What Temporal knows about an agent, in its refactor. Its result counts only if it is sealed for this refactor. */
export function hearDescription({ seals }: RefactorState, agent: AgentDescription): AgentDescription {
  return !seals || agent.company === companyMark() ? agent : { ...agent, result: null };
}

/** In an agent: a person's message that the refactor passed on, or a message of the refactor itself. */
export function hearForwarded(state: AgentState, input: unknown): Heard<Message | Share> {
  const opened = openSeal(input);
  if (!state.seals) return shaped(readForwarded(opened.value), 'it is not a message that a refactor passes on');
  return hear(opened, 'forwarded', state.company ?? '', {
    message: opened.value as Message | Share,
    last: state.heard,
  });
}

/** News about a running activity. News of an earlier or the same attempt is `late`. */
export function hearTrouble({ seals }: { seals?: true }, input: unknown): Heard<TroubleNews> | { kind: 'late' } {
  const opened = openSeal(input);
  if (!seals) return shaped(readTrouble(opened.value), 'it is no news of an activity');
  const problem = describeUnsealed(opened, 'trouble');
  if (problem !== undefined || opened.kind !== 'sealed') return refused(problem ?? 'it is not sealed');
  const [, nonce = '', attempt] = opened.words;
  if (!isFreshNews(nonce, Number(attempt))) return { kind: 'late' };
  return { kind: 'heard', message: opened.value as TroubleNews, stamp: 0 };
}

function shaped<T>(message: T | undefined, problem: string): Heard<T> {
  return message === undefined ? refused(problem) : { kind: 'heard', message, stamp: 0 };
}

/** Checks a seal's words: its kind, the receiver, and the stamp, which grows with each message of a sender. */
function hear<T>(
  opened: Opened,
  kind: SealedKind,
  whom: string,
  { message, last = 0 }: { message: T; last: number | undefined },
): Heard<T> {
  const problem = describeUnsealed(opened, kind);
  if (problem !== undefined || opened.kind !== 'sealed') return refused(problem ?? 'it is not sealed');
  const [, to, stamp] = opened.words;
  if (to !== whom) return refused('it was sealed for another run');
  const number = Number(stamp);
  return number > last
    ? { kind: 'heard', message, stamp: number }
    : refused('it was received already, or a newer one was');
}

function refused(problem: string): Heard<never> {
  return { kind: 'refused', problem };
}

/** The stamp of a run's next message: larger than the last one, whatever the clock says. */
export function nextStamp(last: number | undefined): number {
  return Math.max((last ?? 0) + 1, Date.now());
}
