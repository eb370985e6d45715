/**
 * Small changes of a refactor's state that many files use: find and replace work, hold, end, list open decisions.
 * Rule: an end stops the agents first, so that none runs on unseen.
 */
import { clip } from '../text/lines.ts';
import { DEFAULT_TASK_STEPS, DEFAULT_TASK_TOKENS } from '../plan.ts';
import { addLog } from '../decisions/control.ts';
import type { RedBefore } from '../evidence.ts';
import { listRedBefore } from '../evidence.ts';
import type { Message } from '../decisions/messages.ts';
import { listOpenDecisions } from '../decisions/open-decisions.ts';
import { endPending, toldOf } from '../decisions/receipts.ts';
import type { MessageOutcome } from '../decisions/receive.ts';
import type { AgentMirror, RefactorOutcome, RefactorState, TaskState } from './state.ts';

/** Most rounds of repair after red checks before a person is asked. */
export const MAX_REPAIR_ROUNDS = 2;

/** A piece of work by its task's id. */
export function findTask(
  { extra, tasks }: Pick<RefactorState, 'extra' | 'tasks'>,
  id: string | undefined,
): TaskState | undefined {
  return [...(extra ? [extra] : []), ...tasks].find(({ task }) => task.id === id);
}

/** The piece of work that an agent was started for. */
export function findWork(state: RefactorState, agentId: string): TaskState | undefined {
  return findTask(state, agentId.slice(state.id.length + 1).replace(/\.\d+$/, ''));
}

/** The state with one piece of work replaced. */
export function replaceWork(state: RefactorState, work: TaskState): RefactorState {
  if (state.extra?.task.id === work.task.id) return { ...state, extra: work };
  return { ...state, tasks: state.tasks.map((other) => (other.task.id === work.task.id ? work : other)) };
}

/** Waits visibly until a person resumes. */
export function holdRefactor(state: RefactorState, at: number, reason: string): RefactorState {
  return log({ ...state, cut: false, hold: { reason: clip(reason, 2000).kept, at } }, at, `holds: ${reason}`);
}

/** Holds until a person decides about a piece of work. After a resume a new agent starts it again. */
export function tryAgain(state: RefactorState, at: number, work: TaskState, why: string): RefactorState {
  return holdRefactor(
    replaceWork(state, reopen(work)),
    at,
    `${why}. Resume to try it with a new agent, revise the plan, or stop`,
  );
}

/** A piece of work for a new agent, which starts from the integration branch. */
function reopen(work: TaskState): TaskState {
  const kind = work.kind === 'merge' ? ('work' as const) : work.kind;
  const { leftOut: _, ...rest } = work;
  return { ...rest, status: 'waiting', startTree: null, conflicts: [], kind };
}

/** Somebody wants more work done, so a refused budget may be asked for again. */
export function askForBudgetAgain(state: RefactorState): RefactorState {
  const next = { ...state, budgetRefused: false };
  return state.clock?.refused ? { ...next, clock: { ...state.clock, refused: false } } : next;
}

/** Lets another agent try a piece of work: at once if a person said what to change, else after a resume. */
export function workAgain(
  state: RefactorState,
  at: number,
  work: TaskState,
  why: string,
  { by, note }: { by: string; note: string | undefined },
): RefactorState {
  if (!state.rejectsForChanges || note === undefined) return tryAgain(state, at, work, why);
  const instructions = `${work.task.instructions}\n\n${by} rejected what was made of this before: ${note}`;
  const again = reopen({ ...work, task: { ...work.task, instructions } });
  return log(replaceWork(askForBudgetAgain(state), again), at, `${why}: another agent tries`);
}

/** Ends the refactor: running agents are stopped, open decisions are withdrawn. */
export function endRefactor(state: RefactorState, at: number, outcome: RefactorOutcome): RefactorState {
  // Steers that were never passed on, or went to an agent that had already ended.
  const steers = state.control.receipts.filter(({ verb }) => verb === 'steer');
  const told = endPending(
    state.control,
    steers.map(({ id }) => id),
    'superseded',
    `the refactor was ${outcome.kind} before an agent took it`,
  );
  const control = {
    ...told,
    decisions: state.control.decisions.map((decision) =>
      decision.closed
        ? decision
        : {
            ...decision,
            closed: {
              outcome: 'withdrawn' as const,
              by: 'coxswain',
              at,
              note: `refactor ${outcome.kind}`,
              bound: true,
            },
          },
    ),
  };
  const running = state.agents.filter(({ status }) => status !== 'ended');
  const stops = running.map(({ id }) => ({
    agent: id,
    message: { verb: 'stop' as const, reason: `refactor ${outcome.kind}`, by: 'coxswain' },
  }));
  const reason =
    outcome.kind === 'done' ? `delivered ${state.delivered?.ref ?? ''}` : `${outcome.kind}: ${outcome.reason}`;
  return log(
    {
      ...state,
      control,
      hold: null,
      heldSteers: [],
      ...(state.standingSteers ? { standingSteers: [] } : {}),
      phase: 'ended',
      outcome,
      cut: true,
      endedAt: at,
      forwards: [...state.forwards, ...stops],
    },
    at,
    reason,
  );
}

/** Ends it because a person wants that. What was done stays in the hub. */
export function stopRefactor(state: RefactorState, at: number, by: string, reason: string): RefactorState {
  return endRefactor(state, at, { kind: 'stopped', by, reason });
}

/** The checks that are red on the base, if a person has accepted them. */
export function redBeforeOf({ baselineAccepted, prepared }: RefactorState): RedBefore[] {
  return baselineAccepted ? listRedBefore(prepared?.evidence ?? []) : [];
}

/**
 * Whether people left files out of a result. Its agent's evidence is then about another tree than the integrated one.
 */
export function isPart({ head, leftOut }: TaskState): boolean {
  return leftOut !== undefined && leftOut.head === head;
}

/**
 * The checks of the integration branch: those of the start, and those of tasks whose own evidence is about another
 * tree. If a result was left out completely, its checks would only demand it again, so they don't count.
 */
export function integrationChecksOf({ input, tasks }: RefactorState): string[] {
  const parts = tasks.filter((work) => work.status === 'integrated' && isPart(work) && !work.leftOut?.isAll);
  const more = new Set(parts.flatMap(({ task }) => task.checks));
  return [...input.checks, ...[...more].filter((check) => !input.checks.includes(check))];
}

/** Whether there is anything to deliver, now or after an integration. */
export function hasResult({ line, prepared, tasks }: RefactorState): boolean {
  return line !== prepared?.commit || tasks.some(({ status }) => status === 'finished');
}

/** All open decisions, including those of agents. */
export function listAllOpen(state: RefactorState): RefactorState['control']['decisions'] {
  const mirrored = state.agents.flatMap((agent) =>
    agent.status === 'running'
      ? (agent.report?.decisions ?? []).map((decision) => ({ ...decision, owner: agent.id }))
      : [],
  );
  return [...listOpenDecisions(state.control), ...mirrored];
}

/** The agents that work or ask for something. */
export function listRunning(state: RefactorState): AgentMirror[] {
  return state.agents.filter(({ status }) => status === 'running');
}

/** Passes a message on to agents. */
export function passOn(
  state: RefactorState,
  agents: readonly AgentMirror[],
  message: Message,
  why: string,
): MessageOutcome<RefactorState> {
  const forwards = agents.map(({ id }) => ({ agent: id, message }));
  const names = agents.map(({ task }) => task).join(', ');
  const passed = { ...state, forwards: [...state.forwards, ...forwards] };
  return { kind: 'forwarded', detail: `${why}: ${names}`, state: passed, told: toldOf(agents) };
}

/** Adds a line to the log. */
export function log(state: RefactorState, at: number, text: string): RefactorState {
  return { ...state, control: addLog(state.control, at, text) };
}

/** Work that is no task of the plan: a planner's or a repair agent's. */
export function createExtra(
  kind: 'plan' | 'repair',
  text: { id: string; title: string; instructions: string },
  paths: string[],
  checks: string[],
): TaskState {
  const task = { ...text, paths, checks, dependsOn: [], maxSteps: DEFAULT_TASK_STEPS, maxTokens: DEFAULT_TASK_TOKENS };
  return createTaskState(task, kind);
}

export function createTaskState(task: TaskState['task'], kind: TaskState['kind'] = 'work'): TaskState {
  return {
    task,
    status: 'waiting',
    attempt: 0,
    kind,
    start: null,
    startTree: null,
    head: null,
    summary: '',
    conflicts: [],
    evidence: [],
  };
}
