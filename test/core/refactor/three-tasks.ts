/**
 * A refactor of three tasks, of which the third waits for the first: what most tests of a refactor begin with.
 * Rule: nothing is by chance; a test says only in what its own differs.
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
