import { expect, test } from 'vitest';
import { judgeByKey } from '../../src/activities/chain.ts';
import type { ChainLink } from '../../src/git/read-chain.ts';

/** A link of the chain that was made under this key. */
function linkOf(key: string | undefined): ChainLink {
  return { entry: key === undefined ? undefined : { key } } as unknown as ChainLink;
}

test.each([
  ['act/5', 'act/5', 'done'],
  // The act was cut short just as it was stored: the workflow went on from before it.
  ['act/5', 'think/6', 'abandoned'],
  ['think/5', 'act/5', 'abandoned'],
  // A late attempt of a frozen worker finds what came after it.
  ['think/6', 'act/5', 'foreign'],
  ['act/6', 'think/6', 'foreign'],
  ['think/10', 'think/9', 'foreign'],
  [undefined, 'think/9', 'foreign'],
])('a checkpoint %s in the place of %s is %s', (there, mine, expected) => {
  expect(judgeByKey(mine)(linkOf(there))).toBe(expected);
});
