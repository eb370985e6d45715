/**
 * Permits: what people let an agent or a task keep beyond its plan, each with the decision that allowed it.
 * Rule: a permit covers exactly what was asked about. The decision's digest is the digest of that.
 */
import type { Decision } from './control.ts';
import { digestValue } from '../digest.ts';
import type { Finding } from '../effects/findings.ts';
import { findingKey } from '../effects/findings.ts';
import { canOverlap, isInPaths } from '../paths.ts';
import type { Sha } from '../transcript.ts';
import type { GivenDecision } from './warrant.ts';
import { givenOf } from './warrant.ts';

/** What a decision about effects asks; its digest is over this value. An agent uses `outside`, a refactor `paths`. */
export interface Asked {
  head: Sha | null;
  outside?: string[];
  paths?: string[];
  findings?: Finding[];
}

export interface Permit {
  /** The workflow that asked. */
  workflow: string;
  decision: GivenDecision;
  asked: Asked;
  /** Paths and globs that the decision left out. */
  leaveOut?: string[];
}

/** The permit from an approved decision. Empty if it is unknown what was asked, as in older runs. */
export function permitOf(workflow: string, decision: Decision | undefined, asked: Asked | undefined): Permit[] {
  if (!decision || !asked || digestValue(asked) !== decision.digest) return [];
  const { leaveOut } = decision;
  return [{ workflow, decision: givenOf(decision), asked, ...(leaveOut ? { leaveOut } : {}) }];
}

/** Paths and globs that people left out when they decided about integrating exactly this result. */
export function leftOutAt(permits: readonly Permit[], { workflow, head }: { workflow: string; head: Sha }): string[] {
  const own = permits.filter((permit) => permit.workflow === workflow && permit.asked.head === head);
  return [...new Set(own.flatMap(({ leaveOut = [] }) => leaveOut))];
}

/** Permits of a task's agents, each once. A forked agent has permits of the first one. */
export function joinPermits(before: readonly Permit[] = [], more: readonly Permit[] = []): Permit[] {
  const named = [...before, ...more].map((one) => [`${one.workflow} ${one.decision.id}`, one] as const);
  return [...new Map(named).values()];
}

/**
 * The asked paths that can be kept without what was left out. If many paths were asked about, they are patterns; a
 * pattern that may match something left out is not kept, since it would let the agent write that again. Its other paths
 * are asked about again.
 */
export function permitPaths(asked: readonly string[], leaveOut: readonly string[]): string[] {
  return asked.filter((path) => !isInPaths(path, leaveOut) && !canOverlap([path], leaveOut));
}

/** The paths, and the keys of the findings, that permits cover. */
export function permittedBy(permits: readonly Permit[]): { paths: string[]; effects: string[] } {
  const paths = permits.flatMap(({ asked, leaveOut = [] }) =>
    permitPaths([...(asked.outside ?? []), ...(asked.paths ?? [])], leaveOut),
  );
  const effects = permits.flatMap(({ asked, leaveOut = [] }) =>
    (asked.findings ?? []).filter(({ path }) => !isInPaths(path, leaveOut)).map(findingKey),
  );
  return { paths: [...new Set(paths)], effects: [...new Set(effects)] };
}
