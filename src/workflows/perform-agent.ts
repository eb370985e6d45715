/**
 * Performs the commands that core gives an agent, and returns each result as an event.
 * Rule: a failure is an event too. A host that has gone is an event of its own, after which the agent moves.
 */
import { CancellationScope, getExternalWorkflowHandle, isCancellation } from '@temporalio/workflow';
import type { AgentCommand, AgentEvent, AgentReport, AgentState } from '../core/agent/state.ts';
import { sealed } from '../core/sealed.ts';
import { code } from '../core/text/markdown.ts';
import type { Activities } from './activities.ts';
import { describeFailure, isHostGone } from './activities.ts';
import { reportSignal } from './messages.ts';

/** Performs one command. `tell` sends a report to the refactor. */
export async function performForAgent(
  state: AgentState,
  command: AgentCommand,
  activities: Activities,
  tell: (report: AgentReport) => Promise<AgentEvent>,
): Promise<AgentEvent> {
  try {
    switch (command.kind) {
      case 'begin': {
        const { head } = await activities.control.beginChain.executeWithOptions(
          { summary: code(state.spec.title, 100) },
          [state.spec],
        );
        return { kind: 'began', at: Date.now(), head };
      }
      case 'think': {
        const outcome = await activities.model.think.executeWithOptions({ summary: `step ${state.step}` }, [
          command.input,
        ]);
        return { kind: 'thought', at: Date.now(), outcome };
      }
      case 'act': {
        const outcome = await activities
          .workspace(command.host)
          .act.executeWithOptions({ summary: code(command.summary, 100) }, [command.input]);
        return { kind: 'acted', at: Date.now(), outcome };
      }
      case 'check': {
        const { runChecks } = activities.workspace(command.host);
        const evidence = await runChecks.executeWithOptions({ summary: 'checks of the task' }, [command.input]);
        return { kind: 'checked', at: Date.now(), evidence };
      }
      case 'review': {
        const summary = `review of call ${state.step}`;
        const review = await activities.model.reviewCall.executeWithOptions({ summary }, [command.input]);
        return { kind: 'reviewed', at: Date.now(), review };
      }
      case 'report':
        return await tell(command.report);
      default:
        throw new Error(`no way to perform ${command.kind}`);
    }
  } catch (error) {
    if (isCancellation(error)) return { kind: 'cut', at: Date.now(), what: command.kind as 'think' };
    if ('host' in command && command.host !== null && isHostGone(error))
      return { kind: 'hostGone', at: Date.now(), host: command.host };
    const { type, reason } = describeFailure(error);
    return { kind: 'failed', at: Date.now(), what: command.kind, type, reason: `${type}: ${reason}` };
  }
}

/** Sends a report to the refactor, if there is one. */
export async function report(state: AgentState, report: AgentReport): Promise<AgentEvent> {
  const said = sealed(['agentReport', state.company ?? '', String(state.stamp)], report);
  if (!state.spec.refactor) return { kind: 'reported', at: Date.now(), report };
  try {
    await CancellationScope.nonCancellable(() =>
      getExternalWorkflowHandle(state.spec.refactor ?? '').signal(reportSignal, said),
    );
    return { kind: 'reported', at: Date.now(), report };
  } catch {
    // A signal fails only if the refactor is closed: nobody supervises the agent any more.
    return { kind: 'orphaned', at: Date.now() };
  }
}
