/**
 * A refactor with three tasks, of which the third depends on the first. Most tests of refactors begin with it.
 * Rule: nothing in it is random, and a test states only its differences.
 */
import { planOf } from '../builders.ts';
import type { WorldScript } from '../world.ts';
import { World } from '../world.ts';

export function threeTasks(change: Partial<WorldScript> = {}): World {
  return new World({
    plan: planOf({ id: 'a' }, { id: 'b' }, { id: 'c', dependsOn: ['a'] }),
    random: () => 0.5,
    callsPerTask: 2,
    ...change,
  });
}
