/**
 * Brings a refactor's state from an older version of Coxswain to today's shape, where a new run goes on with it; and the
 * reports of agents that still run on an older version.
 * Rule: no other code knows older shapes. Marks that say by which rules a run began stay as they are, so that the run
 * gives the same commands as before.
 */
import type { AgentReport } from '../agent/state.ts';
import { upgradeControl } from '../decisions/control.ts';
import { upgradeDecision } from '../policy/decision-kinds.ts';
import type { RefactorState } from './state.ts';

/** Fields that states of older versions may lack. */
type Newer = 'authors' | 'reviews' | 'changes' | 'budgetAdded' | 'usdAdded' | 'budgetRefused';
export type StoredRefactor = Omit<RefactorState, Newer> & Partial<Pick<RefactorState, Newer>>;

export function upgradeRefactor(stored: StoredRefactor): RefactorState {
  return {
    authors: [],
    reviews: [],
    changes: 0,
    budgetAdded: 0,
    usdAdded: 0,
    budgetRefused: false,
    ...stored,
    agents: stored.agents.map((agent) => ({ ...agent, report: agent.report && upgradeReport(agent.report) })),
    control: upgradeControl(stored.control),
  };
}

export function upgradeReport(report: AgentReport): AgentReport {
  return { ...report, decisions: report.decisions.map(upgradeDecision) };
}
