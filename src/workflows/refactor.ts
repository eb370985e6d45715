/**
 * The workflow type `refactor`: one goal on one repository, from its plan to a delivered branch.
 * Rule: core decides, this file performs. Bad input fails the start at once; later faults hold the run and ask.
 */
import {
  allHandlersFinished,
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  condition,
  patched,
  setCurrentDetails,
  workflowInfo,
} from '@temporalio/workflow';
import { adoptForRefactor } from '../core/refactor/adopt-policy.ts';
import { rulesOf } from '../core/policy/decision-fields.ts';
import { cardOf, headlineOf } from '../core/views/card.ts';
import { describeRefactor } from '../core/views/details.ts';
import { readStart } from '../core/decisions/messages.ts';
import type { StoredRefactor } from '../core/refactor/upgrade.ts';
import { upgradeRefactor } from '../core/refactor/upgrade.ts';
import { resolvePolicy } from '../core/policy/resolve.ts';
import { askForBudget, beginCommand } from '../core/refactor/budget.ts';
import { isShortOfBudget, nextRefactorCommand } from '../core/refactor/next.ts';
import { passRefactorDeadlines } from '../core/refactor/decisions.ts';
import { advanceRefactor } from '../core/refactor/advance.ts';
import { listAllOpen } from '../core/refactor/work.ts';
import { receiveForRefactor } from '../core/refactor/messages.ts';
import type { RefactorCommand, RefactorOutcome, RefactorResult, RefactorState } from '../core/refactor/state.ts';
import { refuse } from '../core/decisions/receive.ts';
import { renderReport } from '../core/views/report.ts';
import { takeNoticeReport } from '../core/notices/due.ts';
import { nextDeadline } from '../core/decisions/silence.ts';
import { harmless } from '../core/text/harmless.ts';
import { countTime, timeIsUpAt } from '../core/refactor/working-time.ts';
import { listNeeds, refactorState } from '../core/views/status.ts';
import type { Activities } from './activities.ts';
import { openActivities } from './activities.ts';
import { noticeSignal, reportSignal, troubleSignal } from './messages.ts';
import { hasNews, watchNotices } from './notices/watch-notices.ts';
import { beginRefactor, beginRules } from './begin-refactor.ts';
import { beginEnding, continueRun, endsCancelled, isContinueDue, nameRun } from './continue-run.ts';
import { hearDescription, hearNotice, hearReport, hearTrouble, nextStamp, noticesTo } from './hear.ts';
import { watchDeadlines } from './watch-deadlines.ts';
import { watchAgents, KEEPS_IN_TOUCH } from './stay-in-touch.ts';
import { performForRefactor } from './perform-refactor.ts';
import { handleRefactorQueries } from './queries.ts';
import { hasHandlersToEnd, receiveVerified } from './receive-verified.ts';
import { beginsSealed, openState } from './seals.ts';
import { showCard, showOrigin, showState } from './search-attributes.ts';
import { handleVerbs } from './verbs.ts';

/** The patch since which a waiting refactor shows its agents' needs at once. */
const FOLLOWS_NEEDS = 'follows-needs';
/** The patch since which a refactor keeps a card for lists of runs in its memo. */
const SHOWS_CARD = 'shows-card';
/** The patch since which runs read policy from layers. */
const POLICY_LAYERS = 'policy-layers';
/** The patch since which refactors count what a command takes of the budget from its beginning. */
const COUNTS_BEGUN = 'counts-begun';
/** The patch since which refactors store their report in the hub. */
const KEEPS_REPORT = 'keeps-report';
/** The patch since which a start with more than one input fails. */
const ONE_INPUT = 'one-input';
/** The patch since which starts refuse addresses in an unknown form, or with a possible secret. */
const CLOSED_ADDRESSES = 'closed-addresses';

/** The patch since which a rejection asks for changes instead of ending the run. */
const REJECTS_FOR_CHANGES = 'rejects-for-changes';

export async function refactor(...inputs: unknown[]): Promise<RefactorResult> {
  let state = open(inputs);
  let running: CancellationScope | undefined;
  const update = (next: RefactorState): void => {
    state = next;
    if (state.cut) running?.cancel();
  };
  handleMessages(() => state, update);
  void CancellationScope.current().cancelRequested.catch(() =>
    update(advanceRefactor(state, { kind: 'cancelled', at: Date.now() })),
  );
  showOrigin({ repository: state.input.repository, team: state.input.team, campaign: state.input.campaign });
  const activities = openActivities(state.input.team ?? null, state.seals === true);
  const follows = patched(FOLLOWS_NEEDS);
  const shows: Shows = patched(SHOWS_CARD) ? 'a card' : 'attributes';
  watchBeside(
    () => state,
    update,
    activities,
    () => show(state, shows),
  );
  return await CancellationScope.nonCancellable(async () => {
    for (;;) {
      update(countTime(askForBudget(state, Date.now(), isShortOfBudget(state)), Date.now()));
      show(state, shows);
      const command = nextRefactorCommand(state);
      if ((command.kind === 'end' || isContinueDue()) && hasHandlersToEnd()) {
        await condition(allHandlersFinished);
        continue;
      }
      if (command.kind === 'end' && hasNews(state)) {
        await condition(() => !hasNews(state));
        continue;
      }
      if (command.kind === 'end') return close(state, command.outcome);
      if (isContinueDue() && !endsCancelled(state)) await continueRun<typeof refactor>({ state });
      if (command.kind === 'wait') {
        const [waiting, shown] = [state, headline(state, shows)];
        // Asked after everything that happens, and nearly always about the same state.
        const isStale = (): boolean => follows && state !== waiting && headline(state, shows) !== shown;
        await condition(() => nextRefactorCommand(state).kind !== 'wait' || isContinueDue() || isStale());
        continue;
      }
      state = beginCommand({ ...state, cut: false, ...stampOf(state, command) }, command);
      running = new CancellationScope();
      const event = await running.run(() => performForRefactor(state, command, activities));
      running = undefined;
      update(advanceRefactor(state, event));
    }
  });
}

/** What goes on beside the loop: a look after silent agents, news for receivers, deadlines. */
function watchBeside(
  read: () => RefactorState,
  update: (state: RefactorState) => void,
  activities: Activities,
  showNow: () => void,
): void {
  if (patched(KEEPS_IN_TOUCH)) {
    void watchAgents(
      () => read().agents,
      activities,
      (found) => {
        const agents = found.map((agent) => hearDescription(read(), agent));
        update(advanceRefactor(read(), { kind: 'described', at: Date.now(), agents }));
      },
    );
  }
  if (read().notices) watchNotices(read, update);
  void watchDeadlines(
    () => earliest(nextDeadline(read().control, rulesOf(read().policy)), timeIsUpAt(read())),
    () => {
      update(countTime(passRefactorDeadlines(read(), Date.now()), Date.now()));
      showNow();
    },
  );
}

/** The stamp of a message to an agent, which makes it count once. */
function stampOf({ stamp }: RefactorState, { kind }: RefactorCommand): { stamp?: number } {
  return kind === 'forward' ? { stamp: nextStamp(stamp) } : {};
}

function earliest(one: number | null, other: number | null): number | null {
  return one === null || other === null ? (one ?? other) : Math.min(one, other);
}

/** Older runs have search attributes only. */
type Shows = 'a card' | 'attributes';

/** What lists of runs show about this run. */
function headline(state: RefactorState, shows: Shows): string {
  if (shows === 'a card') return headlineOf(cardOf(state, 0));
  return [refactorState(state), ...listNeeds(listAllOpen(state), state.hold)].join();
}

function show(state: RefactorState, shows: Shows): void {
  setCurrentDetails(describeRefactor(state, workflowInfo().namespace));
  showState(refactorState(state), listNeeds(listAllOpen(state), state.hold));
  if (shows === 'a card') showCard(cardOf(state, Date.now()));
}

/** The initial state: from a person's input, or from the previous run. */
function open(inputs: readonly unknown[]): RefactorState {
  const stored = openState<StoredRefactor>(inputs[0]);
  if (stored) return nameRun(upgradeRefactor(stored), stored.input.repository, true);
  if (inputs.length > 1 && patched(ONE_INPUT))
    throw ApplicationFailure.nonRetryable(`refactor takes one input, not ${inputs.length}`, 'BadInput');
  const start = readStart(inputs, patched(CLOSED_ADDRESSES) ? 'closed set' : 'any');
  if (start.kind === 'bad') throw ApplicationFailure.nonRetryable(start.problem, 'BadInput');
  const policy = resolvePolicy(start.input.policy);
  if (policy.kind === 'bad') throw ApplicationFailure.nonRetryable(policy.problems.join('; '), 'BadInput');
  const state = beginRefactor(start.input, policy.policy);
  const layered = patched(POLICY_LAYERS) ? { ...state, policyFrom: null } : state;
  const counting: RefactorState = patched(COUNTS_BEGUN) ? { ...layered, countsBegun: true } : layered;
  const keeping: RefactorState = patched(KEEPS_REPORT) ? { ...counting, keepsReport: 'at the end' } : counting;
  const changing: RefactorState = patched(REJECTS_FOR_CHANGES) ? { ...keeping, rejectsForChanges: true } : keeping;
  const sealing: RefactorState = beginsSealed() ? { ...changing, seals: true } : changing;
  return nameRun(beginRules(beginEnding(sealing)), sealing.input.repository, false);
}

function close(state: RefactorState, outcome: RefactorOutcome): RefactorResult {
  if (outcome.kind === 'failed') throw ApplicationFailure.nonRetryable(outcome.reason, outcome.type);
  if (endsCancelled(state)) throw new CancelledFailure('cancelled');
  const result: RefactorResult = harmless({
    outcome: outcome.kind,
    branch: state.branch,
    commit: state.line,
    tree: state.lineTree,
    base: state.prepared?.commit ?? null,
    tasks: state.tasks.map(({ task, status, summary }) => ({ id: task.id, title: task.title, status, summary })),
    evidence: state.evidence,
    spend: state.spend,
    ...(state.pull && 'url' in state.pull ? { pullRequest: state.pull.url } : {}),
    report: renderReport(state),
  });
  return result;
}

function handleMessages(read: () => RefactorState, update: (state: RefactorState) => void): void {
  const refuseMessage = (verb: string, problem: string): void =>
    update(refuse(read(), { verb }, Date.now(), problem).state);
  handleVerbs({
    receive: (verb, inputs) =>
      receiveVerified(read, update, {
        receive: (state, verified) => receiveForRefactor(state, verb, inputs, Date.now(), verified),
        adopt: adoptForRefactor,
      }),
    refuse: refuseMessage,
    internal: [
      [
        reportSignal,
        (input) => {
          const heard = hearReport(read(), input);
          if (heard.kind === 'refused') return refuseMessage('agentReport', heard.problem);
          const report = heard.message;
          if (heard.stamp > 0) update({ ...read(), heard: { ...read().heard, [report.agent]: heard.stamp } });
          update(advanceRefactor(read(), { kind: 'agentReported', at: Date.now(), report }));
        },
      ],
      [
        troubleSignal,
        (input) => {
          const heard = hearTrouble(read(), input);
          if (heard.kind === 'refused') return refuseMessage('trouble', heard.problem);
          if (heard.kind === 'heard')
            update(advanceRefactor(read(), { kind: 'troubled', at: Date.now(), news: heard.message }));
        },
      ],
      [
        noticeSignal,
        (input) => {
          const heard = hearNotice(read(), input);
          if (heard.kind === 'refused') return refuseMessage('noticeReport', heard.problem);
          const { message, stamp } = heard;
          const state = { ...read(), heard: { ...read().heard, [noticesTo(message)]: stamp } };
          update(takeNoticeReport(state, Date.now(), message));
        },
      ],
    ],
  });
  handleRefactorQueries(read);
}
