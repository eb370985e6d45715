/**
 * The workflow type `agent`: works on one task in steps of think, gate and act.
 * Rule: core decides, this file performs. Every message goes to core at once, and the loop does what follows from it.
 */
import {
  allHandlersFinished,
  CancellationScope,
  CancelledFailure,
  condition,
  patched,
  setCurrentDetails,
  workflowInfo,
} from '@temporalio/workflow';
import { adoptForAgent } from '../core/agent/adopt-policy.ts';
import { createAgent, nextAgentCommand } from '../core/agent/next.ts';
import { reserveBudget } from '../core/agent/budget.ts';
import { passAgentDeadlines } from '../core/agent/decisions.ts';
import { advanceAgent } from '../core/agent/advance.ts';
import { receiveForAgent, restartAt } from '../core/agent/messages.ts';
import { isShare, takeShare } from '../core/agent/share.ts';
import type {
  AgentCommand,
  AgentEvent,
  AgentOutcome,
  AgentReport,
  AgentResult,
  AgentSpec,
  AgentState,
} from '../core/agent/state.ts';
import { publish } from '../core/agent/work.ts';
import { rulesOf } from '../core/policy/decision-fields.ts';
import { describeAgent } from '../core/views/details.ts';
import { refuse } from '../core/decisions/receive.ts';
import { sealed } from '../core/sealed.ts';
import { nextDeadline } from '../core/decisions/silence.ts';
import type { Verb } from '../core/decisions/messages.ts';
import type { MessageResult } from '../core/decisions/receipts.ts';
import type { StoredAgent } from '../core/agent/upgrade.ts';
import { upgradeAgent } from '../core/agent/upgrade.ts';
import { listOpenDecisions } from '../core/decisions/open-decisions.ts';
import { agentState, listNeeds } from '../core/views/status.ts';
import { openActivities } from './activities.ts';
import { forwardSignal, troubleSignal } from './messages.ts';
import { beginMessages, TEXT_BORDER } from './begin-refactor.ts';
import { beginEnding, continueRun, endsCancelled, isContinueDue, nameRun } from './continue-run.ts';
import { hearForwarded, hearTrouble, nextStamp } from './hear.ts';
import { watchDeadlines } from './watch-deadlines.ts';
import { KEEPS_IN_TOUCH, reportRegularly } from './stay-in-touch.ts';
import { performForAgent, report } from './perform-agent.ts';
import { handleAgentQueries } from './queries.ts';
import { hasHandlersToEnd, receiveVerified } from './receive-verified.ts';
import { openSpec, openState } from './seals.ts';
import { showState } from './search-attributes.ts';
import { tellBeside } from './tell-refactor.ts';
import { handleVerbs, asSignal } from './verbs.ts';

/** The patch since which an interrupted model call is charged. */
const CHARGES_CUTS = 'charges-cuts';
/** The patch since which rules for commands read globs as a shell does. */
const SHELL_GLOBS = 'shell-globs';
/** The patch since which a response gets as much room as the budget leaves. */
const OUTPUT_ROOM = 'output-room';

/** Starts with a spec, or continues with the state of the previous run. */
export type AgentInput = { spec: AgentSpec } | { state: AgentState };

export async function agent(input: AgentInput): Promise<AgentResult> {
  let state = open(input);
  let running: CancellationScope | undefined;
  const update = (next: AgentState): void => {
    state = next;
    if (state.cut || state.outcome) running?.cancel();
  };
  const tell = (untold: AgentReport): Promise<AgentEvent> => {
    state = { ...state, stamp: nextStamp(state.stamp) };
    return report(state, untold);
  };
  handleMessages(() => state, update, tell);
  setCurrentDetails(describeAgent(state, workflowInfo().namespace));
  void CancellationScope.current().cancelRequested.catch(() =>
    update(advanceAgent(state, { kind: 'cancelled', at: Date.now() })),
  );
  if (state.spec.refactor && patched(KEEPS_IN_TOUCH))
    void reportRegularly(() => update(advanceAgent(state, { kind: 'touch', at: Date.now() })));
  void watchDeadlines(
    () => nextDeadline(state.control, rulesOf(state.spec.policy)),
    () => {
      update(passAgentDeadlines(state, Date.now()));
      show(state);
    },
  );
  const activities = openActivities(state.spec.team, state.seals === true);
  return await CancellationScope.nonCancellable(async () => {
    for (;;) {
      update(reserveBudget(state, Date.now()));
      show(state);
      const command = nextAgentCommand(state);
      const isPause = command.kind === 'think' || command.kind === 'wait';
      const isNewRun = command.kind === 'restart' || (isPause && isContinueDue());
      if ((isNewRun || command.kind === 'end') && hasHandlersToEnd()) {
        await condition(allHandlersFinished);
        continue;
      }
      if (command.kind === 'end') return close(state, command.outcome);
      if (isNewRun) await continueRun<typeof agent>({ state });
      if (command.kind === 'wait') {
        await condition(() => nextAgentCommand(state).kind !== 'wait' || isContinueDue());
        continue;
      }
      state = { ...state, cut: false, ...readingOf(command) };
      running = new CancellationScope();
      const event = await running.run(() => performForAgent(state, command, activities, tell));
      running = undefined;
      const { reading: _, ...read } = state;
      update(advanceAgent(read, event));
    }
  });
}

/** The steers that a command's model call has: until it ends they can't be taken back. */
function readingOf(command: AgentCommand): { reading?: string[] } {
  return command.kind === 'think' ? { reading: command.input.steers.map(({ id }) => id) } : {};
}

/** The result for the refactor, which counts it only if it is sealed. Anybody can read it. */
function close(state: AgentState, outcome: AgentOutcome): AgentResult {
  if (endsCancelled(state)) throw new CancelledFailure('cancelled');
  const { company, step: steps, spend } = state;
  const result: AgentResult = { ...outcome, steps, spend };
  return company === undefined ? result : (sealed(['outcome', company], result) as AgentResult);
}

/** The initial state: from the refactor's spec, or from the previous run. */
function open(input: AgentInput): AgentState {
  const stored = openState<StoredAgent>(input);
  if (stored) {
    const continued = upgradeAgent(stored);
    const named = nameRun(restartAt(continued, Date.now()), continued.spec.repository, true);
    // The refactor shows the open decisions, and must name this run in them from now on.
    return named.control.place && listOpenDecisions(named.control).length > 0 ? publish(named) : named;
  }
  const { spec, company } = openSpec(input);
  const created = createAgent(workflowInfo().workflowId, spec);
  const state: AgentState = patched(TEXT_BORDER)
    ? { ...created, control: { ...created.control, border: true } }
    : created;
  const charging: AgentState = patched(CHARGES_CUTS) ? { ...state, chargesCuts: true } : state;
  const reading: AgentState = patched(SHELL_GLOBS) ? { ...charging, globs: 'shell' } : charging;
  const roomy: AgentState = patched(OUTPUT_ROOM) ? { ...reading, roomy: true } : reading;
  const sealing: AgentState = company === undefined ? roomy : { ...roomy, seals: true, company };
  return nameRun(beginEnding(beginMessages(sealing)), spec.repository, false);
}

function show(state: AgentState): void {
  setCurrentDetails(describeAgent(state, workflowInfo().namespace));
  showState(agentState(state), listNeeds(listOpenDecisions(state.control), state.hold));
}

function handleMessages(
  read: () => AgentState,
  update: (state: AgentState) => void,
  tell: (report: AgentReport) => Promise<AgentEvent>,
): void {
  const refuseMessage = (verb: string, problem: string): void =>
    update(refuse(read(), { verb }, Date.now(), problem).state);
  const take: Take = (verb, inputs, forwarded) =>
    receiveVerified(read, update, {
      receive: (state, verified) => receiveForAgent(state, verb, inputs, Date.now(), forwarded, verified),
      adopt: adoptForAgent,
    });
  handleVerbs({
    receive: (verb, inputs) => take(verb, inputs, false),
    refuse: refuseMessage,
    internal: [
      [forwardSignal, (input) => takeForwarded(input, { read, update, refuseMessage, take })],
      [
        troubleSignal,
        async (input) => {
          const heard = hearTrouble(read(), input);
          if (heard.kind === 'refused') return refuseMessage('trouble', heard.problem);
          if (heard.kind === 'late') return;
          update(advanceAgent(read(), { kind: 'troubled', at: Date.now(), news: heard.message }));
          // The loop is waiting for the activity, so the refactor is told from here.
          await tellBeside(read, update, tell);
        },
      ],
    ],
  });
  handleAgentQueries(read);
}

/** Takes a person's message, from them or passed on by the refactor. */
type Take = (verb: Verb, inputs: readonly unknown[], forwarded: boolean) => MessageResult | Promise<MessageResult>;

/** A message that the refactor passes on. */
function takeForwarded(
  input: unknown,
  {
    read,
    update,
    refuseMessage,
    take,
  }: {
    read: () => AgentState;
    update: (state: AgentState) => void;
    refuseMessage: (verb: string, problem: string) => void;
    take: Take;
  },
): void | Promise<void> {
  const heard = hearForwarded(read(), input);
  if (heard.kind === 'refused') return refuseMessage('forwarded', heard.problem);
  if (heard.stamp > 0) update({ ...read(), heard: heard.stamp });
  if (isShare(heard.message)) return update(takeShare(read(), Date.now(), heard.message));
  const { verb, ...payload } = heard.message;
  return asSignal(take(verb, [payload], true));
}
