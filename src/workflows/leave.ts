/**
 * What a refactor does at its end: settles its budget, opens a pull request, keeps its report.
 * Rule: core orders each once; a failure is an event like any other, and never the run's.
 */
import { renderReport } from '../core/views/report.ts';
import type { RefactorCommand, RefactorEvent, RefactorState } from '../core/refactor/state.ts';
import type { Activities } from './activities.ts';

/** A hub or a forge that is away must not hold up the end of a run, whose result has the report too. */
const RETRY = { initialInterval: '1 second', maximumAttempts: 5 } as const;

/** Gives back what the budget has left, or keeps the report: what a refactor does at its end. */
export async function leave(
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
