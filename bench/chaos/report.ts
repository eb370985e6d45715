/**
 * The results of chaos runs as tables.
 * Rule: every promise is listed with the numbers of checks and of breaches; each breach is described in full.
 */
import { cpus, release } from 'node:os';
import type { ChaosResult } from './chaos.ts';
import type { Hit } from './disturb.ts';
import type { PromiseName } from './findings.ts';
import { PROMISES } from './findings.ts';

/** The number of breaches of all promises in all seeds. */
export function countBroken(results: readonly ChaosResult[]): number {
  return results.reduce((sum, { findings }) => sum + findings.broken.length, 0);
}

/** One row for each promise. */
export function renderTable(results: readonly ChaosResult[]): string {
  const rows = (Object.keys(PROMISES) as PromiseName[]).map((name) => {
    const looked = results.reduce((sum, { findings }) => sum + findings.looked[name], 0);
    const broken = results.flatMap(({ findings }) => findings.broken.filter(({ promise }) => promise === name));
    return `| ${PROMISES[name]} | ${looked} | ${broken.length} |`;
  });
  return ['| promise | looked at | broken |', '|---|---:|---:|', ...rows].join('\n');
}

/** The whole result as a page. */
export function renderReport(results: readonly ChaosResult[]): string {
  const hits = results.flatMap((result) => result.hits);
  const runs = results.flatMap(({ refactors }) => refactors);
  const sum = (of: (run: (typeof runs)[number]) => number): number => runs.reduce((total, run) => total + of(run), 0);
  const seeds = results.map(({ seed }) => seed).join(', ');
  const broken = results.flatMap(({ findings }) => findings.broken);
  return `${[
    '# Chaos',
    'Made by `npm run chaos`: a real Temporal server on its file, six workers as processes of their own (two of each role, each a host with its own disk state), real git over a git daemon, real bubblewrap, a scripted model that counts.',
    `Linux ${release()}, ${cpus().length} cores, Node ${process.version}. Seeds ${seeds}. The seed gives the schedule of disturbances; the exact moment within a phase is the machine's.`,
    `${hits.length} disturbances over ${runs.length} refactors (one of each seed undisturbed), ${sum(({ model }) => model.asked)} model calls of which ${sum(({ model }) => model.inVain)} were paid in vain, in flight when a blow fell.`,
    renderTable(results),
    `Workers' own folders are caches, swept by age; in them lay at the end: ${countCaches(results)}.`,
    '## What fell, in the middle of what',
    renderHits(hits),
    '## What broke',
    broken.length === 0
      ? 'Nothing.'
      : broken
          .map(({ promise, refactor, text }) => `- ${promise}, ${refactor}: ${text.replace(/\s+/g, ' ')}`)
          .join('\n'),
  ].join('\n\n')}\n`;
}

/** Leftovers in the workers' folders, by kind. */
function countCaches(results: readonly ChaosResult[]): string {
  const left = results.flatMap(({ refactors }) => refactors.at(-1)?.caches ?? []);
  const kinds = new Map<string, number>();
  for (const text of left) {
    const kind = text.endsWith('is dirty') ? 'workspaces marked dirty' : (text.split('/')[1] ?? text);
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }
  return [...kinds].map(([kind, count]) => `${count} ${kind}`).join(', ') || 'nothing';
}

/** Disturbances by phase and kind; those whose phase did not come in time are a row of their own. */
function renderHits(hits: readonly Hit[]): string {
  const kinds = ['kill', 'freeze', 'drain', 'server'] as const;
  const phaseOf = (hit: Hit): string => (hit.isInPhase ? hit.disturbance.phase : 'phase not seen in time');
  const phases = [...new Set(hits.map(phaseOf))].toSorted();
  const rows = phases.map((phase) => {
    const own = hits.filter((hit) => phaseOf(hit) === phase);
    const cells = kinds.map((kind) => own.filter(({ disturbance }) => disturbance.blow.kind === kind).length);
    return `| ${phase} | ${cells.join(' | ')} |`;
  });
  return [
    '| in the middle of | SIGKILL | SIGSTOP, SIGCONT | SIGTERM | server |',
    '|---|---:|---:|---:|---:|',
    ...rows,
  ].join('\n');
}
