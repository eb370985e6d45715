/**
 * How commands run for an agent: what isolates them, what prepares a fresh checkout, and how much they may change.
 * Rule: facts that states, activities and policy share; nothing here knows who uses them.
 */
import type { NetworkGrant } from './egress.ts';

export type IsolationMode = 'bwrap' | 'external' | 'none';

/** What prepares a fresh checkout, and what of the network policy lets it use. */
export interface Setup {
  command: string;
  network: NetworkGrant;
}

/** How much a task may change before it asks. */
export interface DiffLimits {
  files?: number;
  lines?: number;
}
