/**
 * The agents of a refactor as rows for people: who works, who races for the same task, and whose work counts.
 * Rule: an agent that works is always a row, whatever its task shows.
 */
import type { AgentMirror, RefactorState, TaskState } from '../refactor/state.ts';

export interface AgentRow {
  id: string;
  task: string;
  kind: string;
  /** `working`, or how it ended. */
  status: string;
  steps: number;
  needs: string[];
  /** What it waits for, where an activity is tried again and again. */
  trouble: string | null;
}

/** Every agent that works, and every one that a person chooses from. */
export function listAgents(state: RefactorState): AgentRow[] {
  const racing = new Set(
    state.tasks.flatMap(({ rivals = [] }) => (rivals.length > 1 ? rivals.map(({ agent }) => agent) : [])),
  );
  return state.agents.filter(({ id, status }) => status !== 'ended' || racing.has(id)).map(toRow);
}

/** The agent whose work is a task's: the one that finished it or was chosen, else the one that works on it. */
export function agentOf(
  { agents }: RefactorState,
  { task, status, agent, rivals }: TaskState,
): AgentMirror | undefined {
  const tried = agents.filter((one) => one.task === task.id);
  const only = rivals?.length === 1 ? rivals[0]?.agent : undefined;
  const counts = ['finished', 'integrated'].includes(status) ? (agent ?? only) : only;
  return tried.find(({ id }) => id === counts) ?? tried.find(({ status: now }) => now !== 'ended') ?? tried.at(-1);
}

/** What an agent needs of people: its open decisions, and why it holds. */
export function needsOf({ status, report }: AgentMirror): string[] {
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
