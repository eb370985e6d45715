/**
 * The agents of a refactor as rows for people: which agents work, which are rivals, and whose work counts.
 * Rule: a working agent always has a row, whatever the status of its task.
 */
import type { AgentMirror, RefactorState, TaskState } from '../refactor/state.ts';

export interface AgentRow {
  id: string;
  task: string;
  kind: string;
  /** `working`, or the kind of its outcome. */
  status: string;
  steps: number;
  needs: string[];
  /** Why an activity of the agent is being retried; null if none is. */
  trouble: string | null;
}

export interface TaskView {
  id: string;
  title: string;
  status: string;
  agent: string | null;
  /** The rival agents, if the task was forked. */
  rivals?: string[];
  steps: number;
  needs: string[];
  /** Why an activity of its agent is being retried; null if none is. */
  trouble: string | null;
}

/** All agents that work, and all rivals of a fork, from which a person chooses. */
export function listAgents(state: RefactorState): AgentRow[] {
  const racing = new Set(
    state.tasks.flatMap(({ rivals = [] }) => (rivals.length > 1 ? rivals.map(({ agent }) => agent) : [])),
  );
  return state.agents.filter(({ id, status }) => status !== 'ended' || racing.has(id)).map(toRow);
}

/**
 * The agent whose work counts for a task: the one that finished it or was chosen, else the working one, else the last.
 */
function agentOf({ agents }: RefactorState, { task, status, agent, rivals }: TaskState): AgentMirror | undefined {
  const tried = agents.filter((one) => one.task === task.id);
  const only = rivals?.length === 1 ? rivals[0]?.agent : undefined;
  const counts = ['finished', 'integrated'].includes(status) ? (agent ?? only) : only;
  return tried.find(({ id }) => id === counts) ?? tried.find(({ status: now }) => now !== 'ended') ?? tried.at(-1);
}

/** What an agent needs from people: its open decisions, and why it holds. */
function needsOf({ status, report }: AgentMirror): string[] {
  if (status !== 'running' || !report) return [];
  return [...report.decisions.map(({ id }) => id), ...(report.hold ? [`holds: ${report.hold.reason}`] : [])];
}

function toRow(agent: AgentMirror): AgentRow {
  const { id, task, kind, status, report } = agent;
  return {
    id,
    task,
    kind,
    status: status === 'ended' ? (report?.outcome?.kind ?? 'ended') : 'working',
    steps: report?.steps ?? 0,
    needs: needsOf(agent),
    trouble: status === 'running' ? (report?.trouble ?? null) : null,
  };
}

/** A task as people see it, with the agent whose work counts. */
export function viewTask(state: RefactorState, work: TaskState): TaskView {
  const agent = agentOf(state, work);
  return {
    id: work.task.id,
    title: work.task.title,
    status: work.status,
    agent: agent?.id ?? null,
    ...(work.rivals ? { rivals: work.rivals.map((rival) => rival.agent) } : {}),
    steps: agent?.report?.steps ?? 0,
    needs: state.agents.filter(({ task }) => task === work.task.id).flatMap(needsOf),
    trouble: agent?.status === 'running' ? (agent.report?.trouble ?? null) : null,
  };
}
