/**
 * What a refactor leaves when it ends: its budget is settled where it was set aside, a pull request is opened, its
 * report kept in the hub.
 * Rule: none of these holds up the end for ever: what can't be done is said in the log, and the run ends.
 */
import { tookOf } from '../budget/account.ts';
import type { RefactorCommand, RefactorEvent, RefactorOutcome, RefactorState } from './state.ts';
import { deliverySubject, warrantDelivery } from './warrants.ts';
import { log } from './work.ts';
import { asTitle } from '../text/prose.ts';

/** What is left to do once nothing runs any more; the end itself at last. */
export function orderEnd(state: RefactorState, outcome: RefactorOutcome): RefactorCommand {
  return orderSettlement(state) ?? orderPull(state) ?? orderReport(state) ?? { kind: 'end', outcome };
}

function orderSettlement({ reserved, spend }: RefactorState): RefactorCommand | undefined {
  if (!reserved || reserved.settled) return undefined;
  return { kind: 'settle', input: { accounts: reserved.accounts, ...tookOf(spend, reserved) } };
}

/** Where the worker that delivered opens them, and there is a branch that it is for. */
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

/** The report stands beside the last commit that there is. */
function orderReport({ keepsReport, input, line, prepared }: RefactorState): RefactorCommand | undefined {
  const commit = line ?? prepared?.commit;
  if (keepsReport !== 'at the end' || !commit) return undefined;
  return { kind: 'keepReport', input: { repository: input.repository, commit } };
}

/** What became of these where it was done. */
export type EndEvent = Extract<RefactorEvent, { kind: 'settled' | 'reportKept' | 'pullOpened' }>;

/** Whether an event is one of those. */
export function isEndEvent(event: RefactorEvent): event is EndEvent {
  return ['settled', 'reportKept', 'pullOpened'].includes(event.kind);
}

/** Takes in one of them. */
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

/** What could not be done is not tried again; undefined for the failure of anything else. */
export function takeEndFailure(
  state: RefactorState,
  { at, what, reason }: Extract<RefactorEvent, { kind: 'failed' }>,
): RefactorState | undefined {
  switch (what) {
    case 'settle':
      // The account will see that this run is closed, and count all that was set aside.
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
