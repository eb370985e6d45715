/** An option that is given twice is an error of the command line; one that may be repeated is none. */
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { expect, test } from 'vitest';

const PROGRAM = fileURLToPath(new URL('../../src/cli.ts', import.meta.url));

test('an option that is given twice is an error before anything is done, but for those that collect', async () => {
  const cox = async (...args: string[]): Promise<string> =>
    (await execa(process.execPath, [PROGRAM, ...args], { all: true, reject: false })).all;
  expect(await cox('run', '.', 'goal', '--base', 'a', '--base', 'b')).toMatch(
    /--base <ref>.* given twice: give it once/,
  );
  expect(await cox('approve', 'x', '--note=a', '--note=b')).toMatch(/--note <text>.* given twice/);
  expect(await cox('run', '.', 'goal', '--check', 'a', '--check', 'b', '--base', 'a', '--help')).toMatch(
    /^Usage: cox run/,
  );
  expect(await cox('run', '.', 'goal', 'more')).toContain('too many arguments');
  expect(await cox('run', '.', 'goal', '--colour', 'red')).toContain("unknown option '--colour'");
});
