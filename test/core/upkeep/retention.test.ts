import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { KnownRun, RunRef } from '../../../src/core/upkeep/retention.ts';
import {
  chooseExpired,
  chooseRetention,
  DAY_MS,
  foldRuns,
  readJanitorInput,
} from '../../../src/core/upkeep/retention.ts';
import { sha } from '../builders.ts';

const NOW = 1000 * DAY_MS;
const CUTOFF = NOW - 30 * DAY_MS;
const daysAgo = (days: number): number => NOW - days * DAY_MS;

function refOf(slug: string, madeDaysAgo: number, family: string | null = null): RunRef {
  const at = sha(`${slug}${madeDaysAgo}`);
  return { ref: `refs/coxswain/agents/${slug}/${madeDaysAgo}`, at, slug, family, madeAt: daysAgo(madeDaysAgo) };
}

function runOf(slug: string, family: string, startedDaysAgo: number, closedDaysAgo: number | null): KnownRun {
  const closedAt = closedDaysAgo === null ? null : daysAgo(closedDaysAgo);
  return { id: slug, slug, family, startedAt: daysAgo(startedDaysAgo), closedAt };
}

const expired = (refs: RunRef[], runs: KnownRun[]): string[] =>
  chooseExpired(refs, runs, CUTOFF).map(({ slug }) => slug);

describe('a ref of the hub is expired', () => {
  test('a message may ask to keep more than is configured, never less', () => {
    expect(chooseRetention(undefined, 30)).toEqual({ retentionDays: 30 });
    expect(chooseRetention(90, 30)).toEqual({ retentionDays: 90 });
    expect(chooseRetention(0, 30)).toEqual({ retentionDays: 30, raisedFrom: 0 });
    expect(chooseRetention(0, 0)).toEqual({ retentionDays: 0 });
  });

  test('where its run was closed for longer than the retention, and not before', () => {
    const runs = [runOf('old', 'old', 60, 31), runOf('new', 'new', 60, 29)];
    expect(expired([refOf('old', 31), refOf('new', 29)], runs)).toEqual(['old']);
  });

  test('never while its workflow has an open run, however old its own run is', () => {
    expect(expired([refOf('a', 400), refOf('a', 40)], [runOf('a', 'a', 2, null)])).toEqual([]);
  });

  test('never while its refactor is open, since that names the commits of agents that have ended', () => {
    const runs = [runOf('r', 'r', 90, null), runOf('a', 'r', 80, 70)];
    // Temporal has forgotten the run, so only its chain names its family.
    expect(expired([refOf('a', 70), refOf('forgotten', 75, 'r'), refOf('r', 75)], runs)).toEqual([]);
  });

  test('never while an agent of its refactor is open, though the refactor is closed', () => {
    const runs = [runOf('r', 'r', 90, 60), runOf('a', 'r', 80, null)];
    expect(expired([refOf('r', 61), refOf('b', 70, 'r')], runs)).toEqual([]);
  });

  test('only together with all of its refactor, which a reset may wake', () => {
    const runs = [runOf('r', 'r', 90, 20), runOf('a', 'r', 80, 70)];
    expect(expired([refOf('a', 70)], runs)).toEqual([]);
    expect(expired([refOf('a', 70), refOf('b', 5, 'r')], [runOf('a', 'r', 80, 70)])).toEqual([]);
  });

  test('by the age of its newest commit, where Temporal knows nothing of it any more', () => {
    expect(expired([refOf('gone', 31, 'r'), refOf('fresh', 29, 's')], [])).toEqual(['gone']);
  });

  test('not where nothing tells whose it is and a refactor is open that could have made it', () => {
    const orphans = [refOf('before', 95), refOf('during', 60)];
    expect(expired(orphans, [runOf('r', 'r', 90, null)])).toEqual(['before']);
  });

  test('never where its family is alive, whatever else there is', () => {
    const days = fc.integer({ min: 0, max: 100 });
    const slugs = fc.constantFrom('r', 's', 'a', 'b', 'c');
    const family = fc.constantFrom('r', 's');
    const run = fc.record({ slug: slugs, family, started: days, closed: fc.option(days) });
    const ref = fc.record({ slug: slugs, made: days, family: fc.option(family) });
    fc.assert(
      fc.property(fc.array(ref), fc.array(run), (refs, runs) => {
        const known = foldRuns(runs.map((of) => runOf(of.slug, of.family, of.started, of.closed)));
        const open = known.filter(({ closedAt }) => closedAt === null);
        const chosen = chooseExpired(
          refs.map((of) => refOf(of.slug, of.made, of.family)),
          known,
          CUTOFF,
        );
        for (const { slug, family: said, madeAt } of chosen) {
          const itsFamily = known.find((of) => of.slug === slug)?.family ?? said;
          expect(open.some((of) => of.slug === slug || of.family === itsFamily)).toBe(false);
          expect(madeAt).toBeLessThanOrEqual(CUTOFF);
        }
      }),
    );
  });
});

test('runs of one workflow count as one that is open as long as any of them is', () => {
  const folded = foldRuns([
    runOf('a', 'r', 9, 8),
    runOf('a', 'r', 8, null),
    runOf('b', 'r', 9, 8),
    runOf('b', 'r', 7, 3),
  ]);
  expect(folded).toEqual([runOf('a', 'r', 9, null), runOf('b', 'r', 9, 3)]);
});

test('the janitor takes nothing, or days and a dry run, and says what is wrong', () => {
  expect(readJanitorInput([])).toEqual({ kind: 'ok', input: { dryRun: false } });
  expect(readJanitorInput([{ retentionDays: 0, dryRun: true }])).toMatchObject({ input: { retentionDays: 0 } });
  expect(readJanitorInput([{ retention: 3 }])).toMatchObject({
    kind: 'bad',
    problem: expect.stringContaining('retention'),
  });
  expect(readJanitorInput([{ retentionDays: -1 }])).toMatchObject({ kind: 'bad' });
});
