/**
 * What finished work changed: whether a task kept to its plan, and the findings on the whole integration branch.
 * Rule: a task that changed other paths is never integrated without a person's decision. People who decide about the
 * delivery see its findings first.
 */
import type { Decision } from '../decisions/control.ts';
import { digestValue } from '../digest.ts';
import { gateFindings, findingKey, renderFindings } from '../effects/findings.ts';
import { describeKind } from '../policy/decision-kinds.ts';
import { findingRulesOf } from '../policy/rules-and-effects.ts';
import { joinPermits, leftOutAt, permitOf } from '../decisions/permits.ts';
import type { RefactorState, TaskState } from './state.ts';
import type { IntegrateInput, IntegrateOutcome } from './exchange.ts';
import { splitAsked } from '../agent/leave-out.ts';
import { openDecision } from '../decisions/open-decisions.ts';
import { canOverlap, describeBroken } from '../paths.ts';
import { log, replaceWork, tryAgain, workAgain, findTask } from './work.ts';
import { taskLimitsOf } from '../policy/task-limits.ts';
import type { Sha } from '../transcript.ts';

/** Most characters of all tasks' texts for the detectors. What these texts name was asked for. */
const MAX_WORDS = 20_000;
/** Most patterns of all tasks together. With more, no path counts as outside. */
const MAX_PATHS = 1000;
/** Lines of findings at the delivery gate, below its first line. */
const FINDING_LINES = 19;

/** What an integration is judged by; empty for an older agent that does not report what people allowed it. */
export function permittedChangesOf(state: RefactorState, work: TaskState): Pick<IntegrateInput, 'keeps' | 'whole'> {
  const { extraPaths, keptEffects } = work;
  const { prepared, policy, input } = state;
  if (!extraPaths || !prepared) return {};
  const works = [...state.tasks, ...(state.extra ? [state.extra] : [])];
  const words = works.map(({ task }) => `${task.title}\n${task.instructions}`);
  const paths = [...new Set(works.flatMap(pathsOf))];
  return {
    keeps: {
      paths: [...work.task.paths, ...work.conflicts],
      barred: policy.protectedPaths.value,
      allowed: extraPaths,
      ...taskLimitsOf(policy, work.task),
      ...(keptEffects ? { effects: { rules: findingRulesOf(policy), kept: keptEffects } } : {}),
    },
    whole: {
      base: prepared.commit,
      paths: paths.length > MAX_PATHS ? ['**'] : paths,
      task: [input.goal, ...words].join('\n').slice(0, MAX_WORDS),
      // The person who delivers may be another one than the person who allowed the change.
      barred: policy.protectedPaths.value,
    },
  };
}

function pathsOf({ task, conflicts, extraPaths = [] }: TaskState): string[] {
  return [...task.paths, ...conflicts, ...extraPaths];
}

/** A task's result reaches beyond its plan: a person decides, unless policy denies it. */
export function takeOverreach(
  state: RefactorState,
  at: number,
  work: TaskState,
  { paths, findings }: Extract<IntegrateOutcome, { kind: 'outside' }>,
): RefactorState {
  const { id } = work.task;
  const isScope = paths.length > 0;
  const what = isScope
    ? `${id} changed outside of its paths: ${paths.join(', ')}`
    : `${id} has effects that nobody kept`;
  if (isScope && state.policy.gates.scope.value === 'deny')
    return tryAgain(log(state, at, what), at, work, `${what}; policy denies that (gates.scope)`);
  const asked = gateFindings(findings, findingRulesOf(state.policy));
  if (asked.outcome === 'deny')
    return tryAgain(
      log(state, at, what),
      at,
      work,
      `${what}; policy denies that: ${renderFindings(asked.about).join(' ')}`,
    );
  const subject = { head: work.head, paths, findings };
  const control = openDecision(state.control, at, {
    kind: 'integration',
    task: id,
    about: [...renderFindings(findings, FINDING_LINES), what].join('\n'),
    digest: digestValue(subject),
    risk: 'high',
  });
  return replaceWork(
    { ...state, control },
    {
      ...work,
      askedPaths: paths,
      askedEffects: findings.map(findingKey),
      asked: subject,
    },
  );
}

/**
 * Applies the decision about such a result: it may be integrated, completely or without some files, or another agent
 * tries.
 */
export function decideOverreach(
  state: RefactorState,
  decision: Decision,
  outcome: 'approved' | 'rejected',
  by: string,
  at: number,
  note?: string,
): RefactorState {
  const work = findTask(state, decision.task);
  if (!work) return state;
  const { id: task } = work.task;
  const { askedPaths = [], askedEffects = [], asked, extraPaths = [], keptEffects = [], leftOut: _, ...rest } = work;
  if (outcome === 'rejected')
    return workAgain(
      state,
      at,
      { ...rest, extraPaths, keptEffects },
      `${by} rejected what ${task} changed beyond its plan`,
      { by, note },
    );
  // `decision` is from before it was closed; the one in the state has its approvals.
  const given = state.control.decisions.find(({ id }) => id === decision.id);
  const permits = joinPermits(work.permits, permitOf(state.id, given, asked));
  const { paths, effects } = splitAsked({ askedPaths, askedEffects, asked }, given?.leaveOut);
  const allowed = `${by} let ${task} change ${paths.join(', ') || 'what stands out in it'}`;
  const isAllOut = given?.leaveOut !== undefined && paths.length + effects.length === 0;
  const deviations = [
    ...state.deviations,
    ...(isAllOut ? [] : [allowed]),
    ...(given?.leaveOut ? [`${by} left out of ${task}: ${given.leaveOut.join(', ')}`] : []),
  ];
  const kept = {
    extraPaths: [...extraPaths, ...paths],
    keptEffects: [...keptEffects, ...effects],
    permits,
    ...joinLeftOut(state, { ...work, permits }, paths),
  };
  return replaceWork({ ...state, deviations }, { ...rest, ...kept });
}

/**
 * What is left out of a result: for its current head, and for a head that it was merged from, except what is allowed
 * now.
 */
function joinLeftOut({ id }: RefactorState, work: TaskState, allowed: readonly string[]): Pick<TaskState, 'leftOut'> {
  const { head, leftOut, permits = [] } = work;
  const now = head === null ? [] : leftOutAt(permits, { workflow: id, head });
  const before = (leftOut?.paths ?? []).filter((path) => !canOverlap([path], allowed));
  const at = now.length > 0 ? head : leftOut?.head;
  const paths = [...new Set([...before, ...now])];
  return at && paths.length > 0 ? { leftOut: { head: at, paths } } : {};
}

/** The findings in a commit to be delivered, and whether policy denies them. */
export function showEffects(state: RefactorState, commit: Sha): { lines: string[]; isDenied: boolean } {
  const { effects } = state;
  if (effects?.line !== commit) return { lines: [], isDenied: false };
  const { findings, more } = effects;
  return {
    lines: [
      ...renderFindings(findings, more > 0 ? FINDING_LINES - 1 : FINDING_LINES),
      ...(more > 0 ? [`… and ${more} more that did not fit`] : []),
    ],
    isDenied: gateFindings(findings, findingRulesOf(state.policy)).outcome === 'deny',
  };
}

/**
 * Why nothing can be left out when a task's integration is approved; undefined if it can, or if nothing is left out. A
 * path that the question is not about is a mistake: everything would be kept.
 */
export function findPartProblem(
  { tasks, extra, leavesOut }: RefactorState,
  { id, kind, task, leaveOut: paths }: Decision,
): string | undefined {
  if (paths === undefined) return undefined;
  const asked = kind === 'integration' ? findTask({ tasks, extra }, task)?.asked : undefined;
  if (!asked || !leavesOut) return `${id}: ${leavesOut ? describeWhole(kind) : ONLY_CALLS}`;
  const broken = describeBroken(paths);
  if (broken !== '') return `${id}: what is to be left out can't be read: ${broken}`;
  const about = [...(asked.paths ?? []), ...(asked.findings ?? []).map(({ path }) => path)];
  // A path that was cut can't be compared.
  const stray = about.some((path) => path.startsWith('…')) ? [] : paths.filter((path) => !canOverlap([path], about));
  if (stray.length === 0) return undefined;
  return `${id} is not about ${stray.join(', ')}, so all of it would be kept. It is about: ${[...new Set(about)].slice(0, MAX_NAMED).join(', ')}`;
}

/** Most paths that a refusal names. */
const MAX_NAMED = 20;

const ONLY_CALLS = "files can be left out only of the changes of an agent's call";

function describeWhole(kind: Decision['kind']): string {
  return kind === 'review'
    ? 'a reviewer doubts this result as a whole, so nothing can be left out of it: approve it, or reject it with a note'
    : `this is ${describeKind(kind)}: files can be left out of what a call did, or of what a task changed beyond its plan`;
}
