/**
 * How commands run for an agent: their isolation, the setup of a fresh checkout, and how much they may change.
 * Rule: plain shapes that states, activities and policy share.
 */
import type { NetworkGrant } from './egress.ts';

export type IsolationMode = 'bwrap' | 'external' | 'none';

/** The command that prepares a fresh checkout, and the network that policy grants it. */
export interface Setup {
  command: string;
  network: NetworkGrant;
}

/** How much a task may change before it asks. `lines` counts added and removed ones. */
export interface DiffLimits {
  files?: number;
  lines?: number;
}
