/**
 * Small moves that everything about a refactor uses: find and replace work, hold, end, list what is open.
 * Rule: an end stops the agents first; nothing is left running unseen.
 */
import { DEFAULT_TASK_STEPS, DEFAULT_TASK_TOKENS } from '../plan.ts';
import { addLog } from '../decisions/control.ts';
import type { RedBefore } from '../evidence.ts';
import { listRedBefore } from '../evidence.ts';
import type { Message } from '../decisions/messages.ts';
import { listOpenDecisions } from '../decisions/open-decisions.ts';
import { settleReceipts } from '../decisions/receipts.ts';
import type { Outcome } from '../decisions/receive.ts';
import type { AgentMirror, RefactorOutcome, RefactorState, TaskState } from './state.ts';

/** Rounds of repair after red checks, before a person is asked. */
export const MAX_REPAIRS = 2;

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

/** Waits, visibly, until a person resumes. */
export function holdRefactor(state: RefactorState, at: number, reason: string): RefactorState {
  return log({ ...state, cut: false, hold: { reason: reason.slice(0, 2000), at } }, at, `holds: ${reason}`);
}

/** Waits until a person says what becomes of a piece of work: resumed, a new agent begins it anew. */
export function tryAgain(state: RefactorState, at: number, work: TaskState, why: string): RefactorState {
  return holdRefactor(
    replaceWork(state, reopen(work)),
    at,
    `${why}. Resume to try it with a new agent, revise the plan, or stop`,
  );
}

/** A piece of work for a new agent, which begins from the line as it stands. */
function reopen(work: TaskState): TaskState {
  const kind = work.kind === 'merge' ? ('work' as const) : work.kind;
  const { leftOut: _, ...rest } = work;
  return { ...rest, status: 'waiting', startTree: null, conflicts: [], kind };
}

/** Somebody wants more done: a budget that was refused is asked for again. */
export function askForBudgetAgain(state: RefactorState): RefactorState {
  const { budgetRefused: _, ...rest } = state;
  return state.clock?.refused ? { ...rest, clock: { ...state.clock, refused: false } } : rest;
}

/** Another agent tries a piece of work: at once where somebody said what to do otherwise, else once they resume. */
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

/** Ends the refactor: agents that still run are stopped first, open decisions are withdrawn. */
export function endRefactor(state: RefactorState, at: number, outcome: RefactorOutcome): RefactorState {
  // Passed on to an agent that had ended by then, or never passed on.
  const isUnread = (became: string): boolean => ['accepted', 'forwarded'].includes(became);
  const waiting = state.control.receipts.filter(({ verb, state: became }) => verb === 'steer' && isUnread(became));
  const told = settleReceipts(
    state.control,
    waiting.map(({ id }) => id),
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

/** Ends it as a person wished: what was done is kept in the hub. */
export function stopRefactor(state: RefactorState, at: number, by: string, reason: string): RefactorState {
  return endRefactor(state, at, { kind: 'stopped', by, reason });
}

/** The checks that are red on the base and that a person accepted so; none before. */
export function redBeforeOf({ baselineAccepted, prepared }: RefactorState): RedBefore[] {
  return baselineAccepted ? listRedBefore(prepared?.evidence ?? []) : [];
}

/** Whether people left files out of a result, so that its agent's evidence is of another tree than what is integrated. */
export function isPart({ head, leftOut }: TaskState): boolean {
  return leftOut !== undefined && leftOut.head === head;
}

/**
 * The checks of the line: those of the start, and those of the tasks whose own evidence is of another tree. Where
 * nothing of a result is on the line its checks would only have it made again.
 */
export function lineChecksOf({ input, tasks }: RefactorState): string[] {
  const parts = tasks.filter((work) => work.status === 'integrated' && isPart(work) && !work.leftOut?.isAll);
  const more = new Set(parts.flatMap(({ task }) => task.checks));
  return [...input.checks, ...[...more].filter((check) => !input.checks.includes(check))];
}

/** Whether anything is done that can be delivered, or will be once it is integrated. */
export function hasResult({ line, prepared, tasks }: RefactorState): boolean {
  return line !== prepared?.commit || tasks.some(({ status }) => status === 'finished');
}

/** Every open decision, the agents' mirrored ones included. */
export function listAllOpen(state: RefactorState): RefactorState['control']['decisions'] {
  const mirrored = state.agents.flatMap((agent) =>
    agent.status === 'running'
      ? (agent.report?.decisions ?? []).map((decision) => ({ ...decision, owner: agent.id }))
      : [],
  );
  return [...listOpenDecisions(state.control), ...mirrored];
}

/** The agents that work, or ask for something. */
export function listRunning(state: RefactorState): AgentMirror[] {
  return state.agents.filter(({ status }) => status === 'running');
}

/** Passes a message on to agents. */
export function passOn(
  state: RefactorState,
  agents: readonly AgentMirror[],
  message: Message,
  why: string,
): Outcome<RefactorState> {
  const forwards = agents.map(({ id }) => ({ agent: id, message }));
  const names = agents.map(({ task }) => task).join(', ');
  const passed = { ...state, forwards: [...state.forwards, ...forwards] };
  return { kind: 'forwarded', detail: `${why}: ${names}`, state: passed };
}

/** Adds a line to the log. */
export function log(state: RefactorState, at: number, text: string): RefactorState {
  return { ...state, control: addLog(state.control, at, text) };
}

/** A piece of work of the refactor's own, beside the plan's tasks: the planner, or a repair. */
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
