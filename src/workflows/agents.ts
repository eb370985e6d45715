/**
 * How a refactor reaches its agents: it starts them as children that outlive its runs, and passes messages on.
 * Rule: an agent that has gone is an event, never a failure.
 */
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  CancellationScope,
  getExternalWorkflowHandle,
  ParentClosePolicy,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import type { Forward, RefactorCommand, RefactorEvent } from '../core/refactor/state.ts';
import { runMark, sealed } from '../core/sealed.ts';
import type { AgentInput } from './agent.ts';
import { agent } from './agent.ts';
import { forwardSignal } from './messages.ts';
import { code } from '../core/text/markdown.ts';
import { companyMark } from './hear.ts';
import { childAttributes } from './search-attributes.ts';

/** Starts an agent. If its id is taken by a running agent, that one is cancelled, and the event says so. */
export async function startAgent({
  id,
  spec,
}: Extract<RefactorCommand, { kind: 'startAgent' }>): Promise<RefactorEvent> {
  try {
    await startChild(agent, {
      workflowId: id,
      args: [sealed(['spec', runMark(workflowInfo().runId), companyMark()], { spec }) as AgentInput],
      // Continuing this run as new closes it for Temporal. Any other policy would then end the agents.
      parentClosePolicy: ParentClosePolicy.ABANDON,
      staticSummary: code(spec.title, 150),
      typedSearchAttributes: childAttributes(spec.task),
    });
    const { maxTokens: granted, maxUsd: grantedUsd } = spec;
    return { kind: 'agentStarted', at: Date.now(), id, granted, ...(grantedUsd === undefined ? {} : { grantedUsd }) };
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    try {
      await getExternalWorkflowHandle(id).cancel();
    } catch {
      // It has already ended, so nothing is left to cancel.
    }
    return { kind: 'agentSuperseded', at: Date.now(), id };
  }
}

/** Passes a message on to an agent. `stamp` makes it count once. */
export async function forward(message: Forward, stamp: number): Promise<RefactorEvent> {
  const said = sealed(['forwarded', companyMark(), String(stamp)], message.message);
  try {
    await CancellationScope.nonCancellable(() => getExternalWorkflowHandle(message.agent).signal(forwardSignal, said));
    return { kind: 'forwarded', at: Date.now(), forward: message, lost: false };
  } catch {
    // A signal fails only if the agent is closed.
    return { kind: 'forwarded', at: Date.now(), forward: message, lost: true };
  }
}
