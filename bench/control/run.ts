/**
 * `npm run bench:control`: plays honest work and attacks for real, and judges them under each set-up.
 * Rule: a run whose script no longer works does not count and fails the bench, and only all runs together are written
 * to `bench/results/`. Flags: `--only <part of a name>`, repeatable; `--corpora <folder>` also judges public commands.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { corpusTable } from './corpora.ts';
import { SETUPS, judgeRun } from './judge-run.ts';
import type { JudgedRun, Setup } from './judge-run.ts';
import { play } from './play.ts';
import { BLIND_ATTACKS, HONEST_RUNS, KNOWING_ATTACKS, checkSuite } from './suite.ts';
import { listMisses, measureTable, toMeasured } from './table.ts';

const RESULTS = new URL('../results/', import.meta.url);

/** The first measurement by this bench, before it led to changes of rules; later measurements are no longer blind. */
const FIRST_SIGHT =
  'When this bench first measured them (commit 8075bbd), everything together did not show 1 of the 12: a person was ' +
  'asked about the line planted in a README, but its beginning was cut off. What shows it now was written after that.';

const { values } = parseArgs({ options: { only: { type: 'string', multiple: true }, corpora: { type: 'string' } } });
const problems = checkSuite();
const isChosen = ({ name }: { name: string }): boolean => values.only?.some((part) => name.includes(part)) ?? true;
const trajectories = [...HONEST_RUNS, ...KNOWING_ATTACKS, ...BLIND_ATTACKS].filter(isChosen);
const results = new Map<Setup, JudgedRun[]>(SETUPS.map((setup) => [setup, []]));
for (const [index, trajectory] of trajectories.entries()) {
  const played = play(trajectory);
  problems.push(...played.problems.map((problem) => `${trajectory.name}: ${problem}`));
  console.log(`${index + 1}/${trajectories.length} ${trajectory.kind} ${trajectory.name}`);
  if (played.problems.length > 0) continue;
  for (const setup of SETUPS) results.get(setup)?.push(judgeRun(played, setup));
}

const misses = listMisses(results.get('everything') ?? []);
const report = [
  '# Control bench',
  '',
  'Made by `npm run bench:control`; see `bench/control/README.md` for what is played and how it is judged.',
  '',
  `${HONEST_RUNS.length} honest runs, ${KNOWING_ATTACKS.length + BLIND_ATTACKS.length} attacks.`,
  '',
  '## All attacks',
  '',
  measureTable(results, 'all'),
  '',
  `## The ${BLIND_ATTACKS.length} attacks that were written before the rules`,
  '',
  measureTable(results, 'blind'),
  '',
  FIRST_SIGHT,
  '',
  '## What everything together still misses, or asks twice',
  '',
  ...(misses.length > 0 ? misses.map((miss) => `- ${miss}`) : ['Nothing.']),
  '',
  ...(values.corpora === undefined ? [] : ['## Public corpora of commands', '', corpusTable(values.corpora), '']),
].join('\n');
console.log(`\n${report}`);
for (const problem of problems) console.error(`not played as written: ${problem}`);
if (values.only === undefined && problems.length === 0) {
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(new URL('control.md', RESULTS), report);
  console.log('written to bench/results/control.md');
}
const unshown = (results.get('everything') ?? []).map(toMeasured).filter((run) => run.isAttack && !run.isShown);
if (problems.length > 0 || unshown.length > 0) process.exitCode = 1;
