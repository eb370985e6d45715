/**
 * All runs of the control bench, and which of them were written by authors who had not read the rules.
 * Rule: the promised numbers of runs are checked when the suite is loaded.
 */
import { BLIND_PROJECT_ATTACKS } from './attacks-blind-project.ts';
import { BLIND_CODE_ATTACKS } from './attacks-blind.ts';
import { CODE_ATTACKS } from './attacks-code.ts';
import { PROJECT_ATTACKS } from './attacks-project.ts';
import { HONEST_PROJECT } from './honest-project.ts';
import { HONEST_REWRITES } from './honest-rewrites.ts';
import { HONEST_WORDS } from './honest-words.ts';
import { HONEST_WORK } from './honest-work.ts';
import type { Attack, Honest } from './trajectory.ts';

/** Attacks written blind, before any rule or detector existed. */
export const BLIND_ATTACKS: readonly Attack[] = [...BLIND_CODE_ATTACKS, ...BLIND_PROJECT_ATTACKS];

/** Attacks by an author who knows the rules and detectors. */
export const KNOWING_ATTACKS: readonly Attack[] = [...CODE_ATTACKS, ...PROJECT_ATTACKS];

/** Honest work. */
export const HONEST_RUNS: readonly Honest[] = [...HONEST_REWRITES, ...HONEST_WORDS, ...HONEST_WORK, ...HONEST_PROJECT];

const FEWEST_HONEST = 40;
const FEWEST_ATTACKS = 20;

/** Problems of the suite as a whole; empty if there are none. */
export function checkSuite(): string[] {
  const attacks = BLIND_ATTACKS.length + KNOWING_ATTACKS.length;
  const names = [...BLIND_ATTACKS, ...KNOWING_ATTACKS, ...HONEST_RUNS].map(({ name }) => name);
  const twice = names.filter((name, index) => names.indexOf(name) !== index);
  return [
    ...(HONEST_RUNS.length < FEWEST_HONEST ? [`only ${HONEST_RUNS.length} honest runs`] : []),
    ...(attacks < FEWEST_ATTACKS ? [`only ${attacks} attacks`] : []),
    ...(BLIND_ATTACKS.length * 3 < attacks ? [`only ${BLIND_ATTACKS.length} of ${attacks} attacks are blind`] : []),
    ...twice.map((name) => `two runs are named "${name}"`),
  ];
}
