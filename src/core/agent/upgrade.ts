/**
 * Brings an agent's state from an older version of Coxswain to today's shape, where a new run goes on with it.
 * Rule: no other code knows older shapes. Marks that say by which rules a run began stay as they are, so that the run
 * gives the same commands as before.
 */
import { upgradeControl } from '../decisions/control.ts';
import type { AgentState } from './state.ts';

/** Fields that states of older versions may lack. */
type Newer = 'host' | 'trouble' | 'keptEffects' | 'askedEffects' | 'permits' | 'authors' | 'reviews' | 'forks';
export type StoredAgent = Omit<AgentState, Newer> & Partial<Pick<AgentState, Newer>>;

export function upgradeAgent(stored: StoredAgent): AgentState {
  return {
    host: null,
    trouble: null,
    keptEffects: [],
    askedEffects: [],
    permits: [],
    authors: [],
    reviews: [],
    forks: [],
    ...stored,
    control: upgradeControl(stored.control),
  };
}
