/**
 * Finds the refs of the hub that can be removed, from the refs and from what Temporal knows about the runs. Pure.
 * Rule: a refactor and its agents are one family, and nothing of a family goes while a member is open. A live run uses
 * commits of its own earlier runs, of its agents and of its refactor, and no others.
 */
import { z } from 'zod';
import { describeMisfit } from '../plan.ts';
import type { Sha } from '../transcript.ts';
import { describeUnreadable } from '../unreadable.ts';

export const DAY_MS = 24 * 3_600_000;

export interface RunRef {
  ref: string;
  at: Sha;
  /** The part of the ref's name that is made of the workflow's id. */
  slug: string;
  /** Slug of its refactor, if the chain itself names it. */
  family: string | null;
  /** When the commit at the ref was made, in milliseconds. */
  madeAt: number;
}

/** What Temporal knows about all runs of a workflow together. Times in milliseconds. */
export interface KnownRun {
  id: string;
  slug: string;
  /** Slug of its refactor. A refactor's own slug. */
  family: string;
  startedAt: number;
  /** Null while it is open. */
  closedAt: number | null;
}

/** Merges the runs of each workflow into one entry. */
export function foldRuns(runs: Iterable<KnownRun>): KnownRun[] {
  const byId = new Map<string, KnownRun>();
  for (const run of runs) {
    const before = byId.get(run.id) ?? run;
    const isOpen = before.closedAt === null || run.closedAt === null;
    byId.set(run.id, {
      ...before,
      startedAt: Math.min(before.startedAt, run.startedAt),
      closedAt: isOpen ? null : Math.max(before.closedAt ?? 0, run.closedAt ?? 0),
    });
  }
  return [...byId.values()];
}

/** The refs of families that have been closed since before `cutoff`, in milliseconds. */
export function chooseExpired(refs: readonly RunRef[], runs: readonly KnownRun[], cutoff: number): RunRef[] {
  const familyOfRun = new Map(runs.map(({ slug, family }) => [slug, family]));
  // If Temporal and the chain name different refactors, both count.
  const familiesOf = ({ slug, family }: RunRef): string[] => {
    return [familyOfRun.get(slug), family].filter((name) => typeof name === 'string');
  };
  const endedAt = new Map<string, number>();
  const note = (family: string, at: number): void => {
    endedAt.set(family, Math.max(endedAt.get(family) ?? 0, at));
  };
  for (const { family, closedAt } of runs) note(family, closedAt ?? Number.POSITIVE_INFINITY);
  for (const ref of refs) for (const family of familiesOf(ref)) note(family, ref.madeAt);
  const firstOpenAt = Math.min(...runs.map((run) => (run.closedAt === null ? run.startedAt : Infinity)));
  return refs.filter((ref) => {
    const families = familiesOf(ref);
    if (families.length > 0) return families.every((family) => (endedAt.get(family) ?? Infinity) <= cutoff);
    // No family is known, so the ref may belong to any refactor that was open then. Clocks differ by a day at most.
    return ref.madeAt <= cutoff && ref.madeAt <= firstOpenAt - DAY_MS;
  });
}

/** Input of the workflow type `janitor`. */
export const janitorInputSchema = z.strictObject({
  /** Days that a run must have been closed. Default and minimum are the worker's configuration. */
  retentionDays: z.number().min(0).max(36_500).optional(),
  /** Only count; remove nothing. */
  dryRun: z.boolean().default(false),
});
export type JanitorInput = z.infer<typeof janitorInputSchema>;

/** Reads the input of the workflow type `janitor`. */
export function readJanitorInput(
  inputs: readonly unknown[],
): { kind: 'ok'; input: JanitorInput } | { kind: 'bad'; problem: string } {
  const [input = {}] = inputs;
  if (inputs.length > 1) return { kind: 'bad', problem: `janitor takes one input, not ${inputs.length}` };
  const unreadable = describeUnreadable(input);
  if (unreadable !== undefined) return { kind: 'bad', problem: `the input ${unreadable}` };
  const parsed = janitorInputSchema.safeParse(input);
  if (parsed.success) return { kind: 'ok', input: parsed.data };
  return { kind: 'bad', problem: describeMisfit('janitor', parsed.error.issues) };
}

/**
 * Days for which chains are kept. A message can raise what workers are configured for, but not lower it, since anybody
 * may start a janitor.
 */
export function chooseRetention(
  asked: number | undefined,
  configured: number,
): { retentionDays: number; raisedFrom?: number } {
  if (asked === undefined || asked >= configured) return { retentionDays: asked ?? configured };
  return { retentionDays: configured, raisedFrom: asked };
}

/** A hub or host that could not be cleaned this time, and why. */
export interface FailedPlace {
  place: string;
  reason: string;
}

/** The result of cleaning some hubs. */
export interface HubSweep {
  refs: { kept: number; removed: number };
  /** Removed leftovers of killed processes in the stores of the worker's host. */
  leftOvers: number;
  failed: FailedPlace[];
  /** Hubs with more to remove than one activity removes. */
  more: string[];
}

/** The result of cleaning one host. */
export interface HostSweep {
  workspaces: { kept: number; removed: number };
  /** Base checkouts and setups that were unused for a day. A dry run does not count them. */
  layers: number;
  leftOvers: number;
}

/** The result of the workflow type `janitor`. With `dryRun`, what it would have removed. */
export interface JanitorResult {
  dryRun: boolean;
  retentionDays: number;
  /** The days that the message asked for, if workers are configured to keep more. */
  raisedFrom?: number;
  hubs: number;
  refs: { kept: number; removed: number };
  hosts: number;
  workspaces: { kept: number; removed: number };
  layers: number;
  leftOvers: number;
  failed: FailedPlace[];
}
