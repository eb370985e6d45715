/**
 * Which runs count only what workers sealed, and the reading of a sealed start: an agent's spec, or the state of the
 * previous run.
 * Rule: whether seals are required is decided when a chain of runs begins and stored in its state, so that old runs go
 * on as they began.
 */
import { ApplicationFailure, patched, workflowInfo } from '@temporalio/workflow';
import type { AgentSpec } from '../core/agent/state.ts';
import type { FailureType } from '../core/failures.ts';
import type { Opened, SealedKind } from '../core/sealed.ts';
import { describeUnsealed, openSeal, runMark } from '../core/sealed.ts';

/** The patch since which runs count only what workers sealed. */
const SEALS = 'seals';

/** Whether this run counts only what workers sealed. Asked once, when it opens. */
export function beginsSealed(): boolean {
  return patched(SEALS);
}

/** The state from the previous run; undefined if the input is not a state. */
export function openState<S>(input: unknown): S | undefined {
  const opened = openSeal(input);
  if (!isState(opened.value)) return undefined;
  if (beginsSealed()) {
    const problem = describeUnsealed(opened, 'state') ?? findStranger(opened);
    if (problem !== undefined)
      refuseStart(`{state} is what one run hands to the next, and this one does not count: ${problem}`);
  }
  return opened.value.state as S;
}

function isState(value: unknown): value is { state: unknown } {
  return typeof value === 'object' && value !== null && 'state' in value;
}

/** Why a state does not count: only the run after the one that sealed it may use it. */
function findStranger(opened: Opened): string | undefined {
  const before = workflowInfo().continuedFromExecutionRunId;
  if (before === undefined) return 'this run follows no other';
  if (opened.kind === 'sealed' && opened.words[1] === runMark(before)) return undefined;
  return 'it was sealed in another run than the one before';
}

/** The spec that an agent is started with. `company` identifies the refactor that started it, with all its runs. */
export function openSpec(input: unknown): { spec: AgentSpec; company: string | undefined } {
  const opened = openSeal(input);
  const { spec } = opened.value as { spec: AgentSpec };
  if (!beginsSealed()) return { spec, company: undefined };
  const { problem, parent, company } = findStarter(opened, 'spec');
  if (problem !== undefined || parent !== spec?.refactor)
    refuseStart(`an agent is started by its refactor only: ${problem ?? 'this one was sealed for another'}`);
  return { spec, company };
}

/** The refactor that started a run, and its mark. */
export interface Starter {
  workflow: string;
  company: string;
}

/** What a notice says to whom, and its refactor. */
export function openNotice<T>(input: unknown): { input: T; starter: Starter } {
  const opened = openSeal(input);
  const { problem, parent = '', company = '' } = findStarter(opened, 'notice');
  if (problem !== undefined) refuseStart(`a notice is sent by its refactor only: ${problem}`);
  return { input: opened.value as T, starter: { workflow: parent, company } };
}

/** Which refactor sealed a start: the id of the run that started this one, and its mark; or why it does not count. */
function findStarter(
  opened: Opened,
  kind: SealedKind,
): { problem: string | undefined; parent?: string; company?: string | undefined } {
  const problem = describeUnsealed(opened, kind);
  const [, run, company] = opened.kind === 'sealed' ? opened.words : [];
  const { parent } = workflowInfo();
  if (problem !== undefined || parent === undefined || run !== runMark(parent.runId))
    return { problem: problem ?? 'this one was sealed for another' };
  return { problem, parent: parent.workflowId, company };
}

/** Fails a start, and says what a person can do. */
function refuseStart(problem: string): never {
  const type: FailureType = 'NotSealed';
  const way = 'Reset the previous run (temporal workflow reset) to go on, or start a new refactor';
  throw ApplicationFailure.create({ type, message: `${problem}. ${way}`, nonRetryable: true });
}
