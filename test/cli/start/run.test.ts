/** What `cox run` refuses before it starts anything. */
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { findAddressProblem } from '../../../src/cli/start/run.ts';

test('a folder that is not there is refused, and what only a worker can judge is not', () => {
  const missing = `there is no folder ${resolve('nope')}: name a repository's folder, or its URL`;
  expect(['nope', './nope'].map(findAddressProblem)).toEqual([missing, missing]);
  const others = ['/srv/only-there', 'https://host.example/x.git', 'git@host.example:x.git', 'file:///srv/x'];
  expect(others.map(findAddressProblem)).toEqual([undefined, undefined, undefined, undefined]);
  expect(findAddressProblem('https://me:secret@host.example/x.git')).toContain('has a password in it');
});
