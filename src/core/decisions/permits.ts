/**
 * Permits: what people let an agent or a task keep beyond its plan, with the decision that said so as it was given.
 * Rule: a permit is of exactly what was asked about: the decision's digest is that of what it names.
 */
import type { Decision } from './control.ts';
import { digestValue } from '../digest.ts';
import type { Finding } from '../effects/findings.ts';
import { findingKey } from '../effects/findings.ts';
import { canOverlap, isInPaths } from '../paths.ts';
import type { Sha } from '../transcript.ts';
import type { GivenDecision } from './warrant.ts';
import { givenOf } from './warrant.ts';

/** What a decision about effects is about; its digest is of this value. An agent says `outside`, a refactor `paths`. */
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
  /** Paths and globs of it that were left out. */
  leaveOut?: string[];
}

/** The permit that an approved decision is; undefined where it is not known what was asked, as in runs of before. */
export function permitOf(workflow: string, decision: Decision | undefined, asked: Asked | undefined): Permit[] {
  if (!decision || !asked || digestValue(asked) !== decision.digest) return [];
  const { leaveOut } = decision;
  return [{ workflow, decision: givenOf(decision), asked, ...(leaveOut ? { leaveOut } : {}) }];
}

/** Paths and globs that people left out of exactly this result, where its integration was what they decided on. */
export function leftOutAt(permits: readonly Permit[], { workflow, head }: { workflow: string; head: Sha }): string[] {
  const own = permits.filter((permit) => permit.workflow === workflow && permit.asked.head === head);
  return [...new Set(own.flatMap(({ leaveOut = [] }) => leaveOut))];
}

/** Permits of a task's agents, each once: one that an agent was forked with is another's too. */
export function joinPermits(before: readonly Permit[] = [], more: readonly Permit[] = []): Permit[] {
  const named = [...before, ...more].map((one) => [`${one.workflow} ${one.decision.id}`, one] as const);
  return [...new Map(named).values()];
}

/**
 * Of paths that were asked about, those that can be kept without what was left out. Many at once are asked about by
 * patterns: one that means anything that was left out is not kept, or that could be written again unasked. What else it
 * means is asked about again.
 */
export function keepPaths(asked: readonly string[], leaveOut: readonly string[]): string[] {
  return asked.filter((path) => !isInPaths(path, leaveOut) && !canOverlap([path], leaveOut));
}

/** Paths and findings, by their keys, that permits are of. */
export function keptBy(permits: readonly Permit[]): { paths: string[]; effects: string[] } {
  const paths = permits.flatMap(({ asked, leaveOut = [] }) =>
    keepPaths([...(asked.outside ?? []), ...(asked.paths ?? [])], leaveOut),
  );
  const effects = permits.flatMap(({ asked, leaveOut = [] }) =>
    (asked.findings ?? []).filter(({ path }) => !isInPaths(path, leaveOut)).map(findingKey),
  );
  return { paths: [...new Set(paths)], effects: [...new Set(effects)] };
}
