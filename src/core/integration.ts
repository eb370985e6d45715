/**
 * What an integration takes and gives: a finished task's result, and by what it is judged before it is on the line.
 * Rule: small facts; the bytes stay in the hub.
 */
import type { DiffLimits } from './agent-state.ts';
import type { Finding, FindingRules } from './findings.ts';
import type { Sha } from './transcript.ts';

/** What a task may change, and what of its effects people kept; `effects` is left out where its agent did not say. */
export interface Keeps {
  paths: string[];
  barred: string[];
  allowed: string[];
  limits?: DiffLimits;
  effects?: { rules: FindingRules; kept: string[] };
}

export interface IntegrateInput {
  repository: string;
  /** Commit that the integration line stands at. */
  line: Sha;
  /** Commit that the task started from, and its agent's last checkpoint. */
  start: Sha;
  head: Sha;
  key: string;
  message: string;
  /** What the task may change: its paths, but for those that are barred, unless a person allowed just these. */
  keeps?: Keeps;
  /** By what the whole line is judged: its base, the paths and words of all tasks, and what policy protects. */
  whole?: { base: Sha; paths: string[]; task: string; barred?: string[] };
}

export type IntegrateOutcome =
  | { kind: 'merged'; line: Sha; tree: Sha; changed: number; findings?: Finding[]; moreFindings?: number }
  /** The task changed what it may not; nothing was merged. */
  | { kind: 'outside'; paths: string[]; findings: Finding[] }
  | { kind: 'unchanged' }
  | { kind: 'conflict'; tree: Sha; files: string[] };
