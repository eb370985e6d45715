/**
 * Performs the commands that core gives a refactor, and returns each result as an event.
 * Rule: core orders each thing once. A failure is an event too, and never fails the run.
 */
import { isCancellation } from '@temporalio/workflow';
import { rulesOf } from '../core/policy/decision-fields.ts';
import type { PolicyInput } from '../core/policy/layer-sources.ts';
import type { ReserveShared } from '../core/refactor/exchange.ts';
import { checkInputOf } from '../core/refactor/next.ts';
import { weighRequest } from '../core/refactor/request.ts';
import type { RefactorCommand, RefactorEvent, RefactorState } from '../core/refactor/state.ts';
import { renderReport } from '../core/views/report.ts';
import type { Activities } from './activities.ts';
import { describeFailure } from './activities.ts';
import { forward, startAgent } from './agents.ts';
import { askWorker } from './receive-verified.ts';

/** Few attempts: an unavailable hub or forge must not delay a run's end. The run's result contains the report too. */
const RETRY = { initialInterval: '1 second', maximumAttempts: 5 } as const;

/** Performs one command. */
export async function performForRefactor(
  state: RefactorState,
  command: RefactorCommand,
  activities: Activities,
): Promise<RefactorEvent> {
  try {
    switch (command.kind) {
      case 'readPolicy':
        return await readLayers(state, command.input, activities);
      case 'readPrices': {
        const read = await activities.model.readPrices.executeWithOptions({ summary: 'prices of the models' }, [
          command.input,
        ]);
        return { kind: 'pricesRead', at: Date.now(), read };
      }
      case 'reserve':
        return await reserve(command.input, activities);
      case 'settle':
      case 'openPull':
      case 'keepReport':
        return await leave(state, command, activities);
      case 'prepare': {
        const prepared = await activities
          .workspace(null)
          .prepare.executeWithOptions({ summary: 'base and its checks' }, [command.input]);
        return { kind: 'prepared', at: Date.now(), prepared };
      }
      case 'startAgent':
        return await startAgent(command);
      case 'review': {
        const { task } = command.input;
        const review = await activities.model.review.executeWithOptions({ summary: `review of ${task.id}` }, [
          command.input,
        ]);
        return { kind: 'reviewed', at: Date.now(), review };
      }
      case 'integrate': {
        const outcome = await activities.control.integrateTask.executeWithOptions({ summary: command.task }, [
          command.input,
        ]);
        return { kind: 'integrated', at: Date.now(), task: command.task, outcome };
      }
      case 'check':
        return await check(state, command.commit, activities);
      case 'deliver': {
        const outcome = await activities.control.deliver.executeWithOptions({ summary: command.input.branch }, [
          command.input,
        ]);
        return { kind: 'delivered', at: Date.now(), outcome };
      }
      case 'forward':
        return await forward(command.forward, state.stamp ?? 0);
      default:
        throw new Error(`no way to perform ${command.kind}`);
    }
  } catch (error) {
    if (isCancellation(error)) return { kind: 'cut', at: Date.now() };
    return { kind: 'failed', at: Date.now(), what: command.kind, ...describeFailure(error) };
  }
}

async function readLayers(state: RefactorState, input: PolicyInput, { control }: Activities): Promise<RefactorEvent> {
  const read = await control.readPolicy.executeWithOptions({ summary: 'policy of all layers' }, [input]);
  const request = weighRequest(state, rulesOf(read.policy));
  if (request.kind !== 'verify') return { kind: 'policyRead', at: Date.now(), read };
  const verdict = await askWorker(request.question, state.seals === true);
  return { kind: 'policyRead', at: Date.now(), read, request: { question: request.question, verdict } };
}

async function reserve(input: ReserveShared, { control }: Activities): Promise<RefactorEvent> {
  const outcome = await control.reserveShared.executeWithOptions({ summary: 'shared budgets' }, [input]);
  return { kind: 'reserved', at: Date.now(), input, outcome };
}

async function check(
  state: RefactorState,
  commit: Extract<RefactorCommand, { kind: 'check' }>['commit'],
  activities: Activities,
): Promise<RefactorEvent> {
  const input = checkInputOf(state, commit);
  const evidence = await activities
    .workspace(null)
    .runChecks.executeWithOptions({ summary: 'checks of the integrated tree' }, [input]);
  return { kind: 'checked', at: Date.now(), commit, evidence };
}

/** What a refactor does at its end: gives back the rest of its budget, opens the pull request, or stores the report. */
async function leave(
  state: RefactorState,
  command: Extract<RefactorCommand, { kind: 'settle' | 'openPull' | 'keepReport' }>,
  { control }: Activities,
): Promise<RefactorEvent> {
  if (command.kind === 'settle') {
    await control.settleShared.executeWithOptions({ summary: 'shared budgets' }, [command.input]);
    return { kind: 'settled', at: Date.now() };
  }
  const report = renderReport(state);
  if (command.kind === 'openPull') {
    const options = { summary: 'pull request', retry: RETRY };
    const { url } = await control.openPull.executeWithOptions(options, [{ ...command.input, report }]);
    return { kind: 'pullOpened', at: Date.now(), url };
  }
  const input = { ...command.input, report };
  await control.keepReport.executeWithOptions({ summary: 'report', retry: RETRY }, [input]);
  return { kind: 'reportKept', at: Date.now() };
}
