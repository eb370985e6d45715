/**
 * What a refactor does at its end: it settles its budget in shared accounts, opens a pull request, and stores its
 * report in the hub.
 * Rule: none of these steps delays the end for ever. What can't be done is logged, and the run ends.
 */
import { tookOf } from '../budget/account.ts';
import type { RefactorCommand, RefactorEvent, RefactorOutcome, RefactorState } from './state.ts';
import { deliverySubject, warrantDelivery } from './warrants.ts';
import { log } from './work.ts';
import { asTitle } from '../text/prose.ts';

/** The next end step when nothing runs any more; after all of them, the end itself. */
export function orderEnd(state: RefactorState, outcome: RefactorOutcome): RefactorCommand {
  return orderSettlement(state) ?? orderPull(state) ?? orderReport(state) ?? { kind: 'end', outcome };
}

function orderSettlement({ reserved, spend }: RefactorState): RefactorCommand | undefined {
  if (!reserved || reserved.settled) return undefined;
  return { kind: 'settle', input: { accounts: reserved.accounts, ...tookOf(spend, reserved) } };
}

/** The pull request, if the worker that delivered opens them and the base is a branch. */
function orderPull(state: RefactorState): RefactorCommand | undefined {
  const { delivered, prepared, pull, input, branch, line } = state;
  if (!delivered?.opensPull || !prepared?.baseBranch || !line || pull) return undefined;
  const title = asTitle(input.goal.split('\n')[0] ?? branch);
  const why = { delivery: deliverySubject(state, line), warrant: warrantDelivery(state) };
  return {
    kind: 'openPull',
    input: { repository: input.repository, branch, base: prepared.baseBranch, title, ...why },
  };
}

/** The report is stored with the newest commit. */
function orderReport({ keepsReport, input, line, prepared }: RefactorState): RefactorCommand | undefined {
  const commit = line ?? prepared?.commit;
  if (keepsReport !== 'at the end' || !commit) return undefined;
  return { kind: 'keepReport', input: { repository: input.repository, commit } };
}

/** Events that report the end steps. */
export type EndEvent = Extract<RefactorEvent, { kind: 'settled' | 'reportKept' | 'pullOpened' }>;

/** Type guard for them. */
export function isEndEvent(event: RefactorEvent): event is EndEvent {
  return ['settled', 'reportKept', 'pullOpened'].includes(event.kind);
}

/** Applies one. */
export function takeEnd(state: RefactorState, event: EndEvent): RefactorState {
  switch (event.kind) {
    case 'settled':
      return settled(state);
    case 'reportKept':
      return { ...state, keepsReport: 'kept' };
    case 'pullOpened':
      return log({ ...state, pull: { url: event.url } }, event.at, `pull request: ${event.url}`);
  }
}

/** Marks a failed end step as done, so that it is not repeated. Undefined for a failure of anything else. */
export function takeEndFailure(
  state: RefactorState,
  { at, what, reason }: Extract<RefactorEvent, { kind: 'failed' }>,
): RefactorState | undefined {
  switch (what) {
    case 'settle':
      // The account finds out that this run is closed, and counts everything that was reserved.
      return log(settled(state), at, `the budget is not settled: ${reason}`);
    case 'keepReport':
      return log({ ...state, keepsReport: 'kept' }, at, `the report is not in the hub: ${reason}`);
    case 'openPull':
      return log({ ...state, pull: { problem: reason } }, at, `no pull request: ${reason}`);
    default:
      return undefined;
  }
}

function settled(state: RefactorState): RefactorState {
  return state.reserved ? { ...state, reserved: { ...state.reserved, settled: true } } : state;
}
