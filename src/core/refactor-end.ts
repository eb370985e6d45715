/**
 * What a refactor leaves when it ends: its budget is settled where it was set aside, a pull request is opened, its
 * report kept in the hub.
 * Rule: none of these holds up the end for ever: what can't be done is said in the log, and the run ends.
 */
import { escapeForPeople } from './escape.ts';
import type { RefactorCommand, RefactorEvent, RefactorOutcome, RefactorState } from './refactor-state.ts';
import { log } from './refactor-work.ts';

/** What is left to do once nothing runs any more; the end itself at last. */
export function orderEnd(state: RefactorState, outcome: RefactorOutcome): RefactorCommand {
  return orderSettlement(state) ?? orderPull(state) ?? orderReport(state) ?? { kind: 'end', outcome };
}

function orderSettlement({ reserved, spend }: RefactorState): RefactorCommand | undefined {
  if (!reserved || reserved.settled) return undefined;
  const tokens = spend.inputTokens + spend.outputTokens;
  // A cost that nobody knows counts as all that was set aside.
  const usd = spend.costUsd ?? reserved.usd;
  return { kind: 'settle', input: { accounts: reserved.accounts, tokens, usd } };
}

/** Where the worker that delivered opens them, and there is a branch that it is for. */
function orderPull({ delivered, prepared, pull, input, branch }: RefactorState): RefactorCommand | undefined {
  if (!delivered?.opensPull || !prepared?.baseBranch || pull) return undefined;
  const title = escapeForPeople(input.goal.split('\n')[0] ?? branch);
  return { kind: 'openPull', input: { repository: input.repository, branch, base: prepared.baseBranch, title } };
}

/** The report stands beside the last commit that there is. */
function orderReport({ keepsReport, input, line, prepared }: RefactorState): RefactorCommand | undefined {
  const commit = line ?? prepared?.commit;
  if (keepsReport !== 'at the end' || !commit) return undefined;
  return { kind: 'keepReport', input: { repository: input.repository, commit } };
}

/** Takes in what became of any of these; undefined for any other event. */
export function takeEnd(state: RefactorState, event: RefactorEvent): RefactorState | undefined {
  const isFailed = event.kind === 'failed';
  const what = isFailed ? event.what : event.kind;
  switch (what) {
    case 'settle':
    case 'settled': {
      const next = state.reserved ? { ...state, reserved: { ...state.reserved, settled: true as const } } : state;
      // The account will see that this run is closed, and count all that was set aside.
      return isFailed ? log(next, event.at, `the budget is not settled: ${event.reason}`) : next;
    }
    case 'keepReport':
    case 'reportKept': {
      const next = { ...state, keepsReport: 'kept' as const };
      return isFailed ? log(next, event.at, `the report is not in the hub: ${event.reason}`) : next;
    }
    case 'openPull':
      return isFailed
        ? log({ ...state, pull: { problem: event.reason } }, event.at, `no pull request: ${event.reason}`)
        : undefined;
    case 'pullOpened':
      return event.kind === 'pullOpened'
        ? log({ ...state, pull: { url: event.url } }, event.at, `pull request: ${event.url}`)
        : undefined;
    default:
      return undefined;
  }
}
