/**
 * Which refs of the hub nobody needs any more: pure, from the refs and from what Temporal knows of the runs.
 * Rule: a refactor and its agents are one family, and nothing of a family goes while any member is open: a live run
 * names commits of its own earlier runs, of its agents and of its refactor, and of nobody else.
 */
import { z } from 'zod';
import { describeMisfit } from '../plan.ts';
import type { Sha } from '../transcript.ts';
import { describeUnreadable } from '../unreadable.ts';

export const DAY_MS = 24 * 3_600_000;

/** A ref that a run of a refactor or an agent wrote. */
export interface RunRef {
  ref: string;
  at: Sha;
  /** Made of the workflow's id: a folder of the ref's name. */
  slug: string;
  /** Slug of its refactor, where the chain itself says it. */
  family: string | null;
  /** When the commit that it stands at was made. */
  madeAt: number;
}

/** What Temporal knows of a workflow: of all of its runs together. */
export interface KnownRun {
  id: string;
  slug: string;
  /** Slug of its refactor; its own where it is one. */
  family: string;
  startedAt: number;
  /** Null while it is open. */
  closedAt: number | null;
}

/** Lays the runs of each workflow together. */
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

/** Chooses the refs of families that have been closed since before `cutoff`. */
export function chooseExpired(refs: readonly RunRef[], runs: readonly KnownRun[], cutoff: number): RunRef[] {
  const familyOfRun = new Map(runs.map(({ slug, family }) => [slug, family]));
  // Where Temporal and the chain differ on whose it is, both count.
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
    // Nothing tells whose it is: it may be of any refactor that was open then. Clocks differ, by a day at most.
    return ref.madeAt <= cutoff && ref.madeAt <= firstOpenAt - DAY_MS;
  });
}

/** Input of the workflow type `janitor`. */
export const janitorInputSchema = z.strictObject({
  /** Days that a run must have been closed for; never less than the worker's configuration, which counts without it. */
  retentionDays: z.number().min(0).max(36_500).optional(),
  /** Only count. */
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
 * Days for which chains are kept: a message can ask for more than the workers are configured for, never for less, since
 * anybody may start a janitor.
 */
export function chooseRetention(
  asked: number | undefined,
  configured: number,
): { retentionDays: number; raisedFrom?: number } {
  if (asked === undefined || asked >= configured) return { retentionDays: asked ?? configured };
  return { retentionDays: configured, raisedFrom: asked };
}

/** A place that could not be looked after this time, and why. */
export interface FailedPlace {
  place: string;
  reason: string;
}

/** What one look after some hubs came to. */
export interface HubSweep {
  refs: { kept: number; removed: number };
  /** What kills left in the stores on the host that looked. */
  leftOvers: number;
  failed: FailedPlace[];
  /** Hubs that have more to remove than one look takes. */
  more: string[];
}

/** What a look after one host came to. */
export interface HostSweep {
  workspaces: { kept: number; removed: number };
  /** Base checkouts and setups that nothing stood on for a day; a dry run does not count them. */
  layers: number;
  leftOvers: number;
}

/** The result of the workflow type `janitor`. With `dryRun`, what it would have removed. */
export interface JanitorResult {
  dryRun: boolean;
  retentionDays: number;
  /** What the message asked for, where workers are configured to keep more. */
  raisedFrom?: number;
  hubs: number;
  refs: { kept: number; removed: number };
  hosts: number;
  workspaces: { kept: number; removed: number };
  layers: number;
  leftOvers: number;
  failed: FailedPlace[];
}
