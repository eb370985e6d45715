/**
 * The gates of a refactor: a plan is proposed and adopted, a delivery is asked for.
 * Rule: what a person approves is identified by its digest. Any change goes to its gate again.
 */
import { digestDelivery } from './delivery.ts';
import { digestValue } from '../digest.ts';
import { findCounting, findRed } from '../evidence.ts';
import { openDecision } from '../decisions/open-decisions.ts';
import { canOverlap } from '../paths.ts';
import type { Plan, Task } from '../plan.ts';
import { createTaskState, endRefactor, integrationChecksOf, log } from './work.ts';
import { showEffects } from './effects.ts';
import type { RefactorState } from './state.ts';
import { deliverySubject } from './warrants.ts';
import { asBlock, asLine, clip } from '../text/lines.ts';
import type { Sha } from '../transcript.ts';

/** Most characters of a task's paths in a decision about a plan. The query `plan` has all. */
const MAX_PATHS = 500;

/** A new version of the plan goes to its gate. Earlier approvals don't count for it. */
export function proposePlan(state: RefactorState, at: number, plan: Plan, by: string): RefactorState {
  const version = (state.plan?.version ?? 0) + 1;
  const digest = digestValue(plan);
  const proposed: RefactorState = {
    ...state,
    phase: 'plan gate',
    plan: { version, plan, digest, by, approvedBy: null },
  };
  const logged = log(proposed, at, `plan ${version} by ${by}: ${plan.tasks.length} tasks`);
  if (state.policy.gates.plan.value === 'deny') {
    return endRefactor(logged, at, {
      kind: 'failed',
      type: 'Rejected',
      reason: 'policy denies every plan (gates.plan)',
    });
  }
  const about = describePlan(plan, state.policy.protectedPaths?.value ?? []);
  return { ...logged, control: openDecision(logged.control, at, { kind: 'plan', about, digest }) };
}

/**
 * The tasks with their paths, then the planner's summary, quoted. Tasks that may change protected paths, dot folders
 * (`.github`) or everything come first, so that they are shown even if there are too many tasks.
 */
function describePlan({ summary, tasks }: Plan, protectedPaths: readonly string[]): string {
  const isGrave = ({ paths }: Task): boolean =>
    canOverlap(paths, protectedPaths) || paths.some((path) => /(^|\/)\.\w|^\*/.test(path));
  const ranked = [...tasks.filter(isGrave), ...tasks.filter((task) => !isGrave(task))];
  const lines = ranked.map((task) => {
    const where = clip(task.paths.map(asLine).join(', '), MAX_PATHS);
    return `- ${task.id} (${where.kept}${where.left > 0 ? ` … ${where.left} more characters` : ''}): ${asLine(task.title)}`;
  });
  return [...lines, 'The planner says:', asBlock(summary)].join('\n');
}

/** Starts the work of an approved plan. Tasks that were integrated under an earlier version stay. */
export function adoptPlan(state: RefactorState, at: number, by: string): RefactorState {
  if (!state.plan) return state;
  const { plan, version } = state.plan;
  const old = new Map(state.tasks.map((task) => [task.task.id, task]));
  const tasks = plan.tasks.map((task) => {
    const before = old.get(task.id);
    if (before && !['waiting', 'dropped'].includes(before.status)) return before;
    return { ...createTaskState(task), attempt: before?.attempt ?? 0 };
  });
  const dropped = state.tasks.filter(({ task }) => !plan.tasks.some(({ id }) => id === task.id));
  const integrated = dropped.filter(({ status }) => status === 'integrated');
  const stops = state.agents
    .filter((agent) => agent.status === 'running' && dropped.some(({ task }) => task.id === agent.task))
    .map(({ id }) => ({ agent: id, message: { verb: 'stop' as const, reason: `not in plan ${version}`, by } }));
  const adopted: RefactorState = {
    ...state,
    phase: 'working',
    plan: { ...state.plan, approvedBy: by },
    tasks: [...integrated, ...tasks],
    forwards: [...state.forwards, ...stops],
  };
  return log(adopted, at, `plan ${version} approved by ${by}`);
}

/**
 * The results of the checks on the integration branch, in words. Checks that are red as on the base are counted
 * separately.
 */
export function countGreen(state: RefactorState): string {
  const { evidence } = state;
  const total = integrationChecksOf(state).length;
  if (total === 0) return 'no checks were asked for';
  const red = findRed(evidence).length;
  const old = red - findCounting(evidence).length;
  return `${total - red} of ${total} checks green${old > 0 ? `, ${old} red in the same way as on the base` : ''}`;
}

/** Asks for the delivery of exactly this commit. */
export function openDelivery(state: RefactorState, at: number, commit: Sha): RefactorState {
  if (state.policy.gates.delivery.value === 'deny') {
    return endRefactor(state, at, {
      kind: 'failed',
      type: 'Rejected',
      reason: 'policy denies delivery (gates.delivery)',
    });
  }
  const { lines, isDenied } = showEffects(state, commit);
  if (isDenied) {
    const reason = `policy denies what would be delivered (effects):\n${lines.join('\n')}`;
    return endRefactor(state, at, { kind: 'failed', type: 'Rejected', reason });
  }
  const dropped = state.tasks.filter(({ status }) => status === 'dropped').map(({ task }) => task.id);
  const left = dropped.length > 0 ? `, left out since no more budget was given: ${dropped.join(', ')}` : '';
  // This includes results that another agent has merged since, which have another head.
  const parts = state.tasks.flatMap(({ task, status, leftOut }) =>
    leftOut && status !== 'dropped' ? [`, left out of ${task.id}: ${leftOut.paths.join(', ')}`] : [],
  );
  const done = `${state.tasks.length - dropped.length} tasks${left}${parts.join('')}`;
  const what = `deliver ${commit.slice(0, 10)} as branch ${state.branch}: ${done}, ${countGreen(state)}`;
  const about = [what, ...lines].join('\n');
  const digest = digestDelivery(deliverySubject(state, commit));
  return {
    ...state,
    phase: 'delivery gate',
    control: openDecision(state.control, at, { kind: 'delivery', about, digest }),
  };
}
