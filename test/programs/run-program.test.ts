/** Programs that hang or leave children: every run ends, and says how. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runProgram } from '../../src/programs/run-program.ts';
import { makeFolder, writeProgram } from '../stack/fake-program.ts';

test('a program that hangs is ended at its limit, with what it started', async () => {
  const folder = await makeFolder();
  // The child holds the output open: without the group's end this would wait for it.
  const program = await writeProgram(join(folder, 'hang'), 'echo begun\nsleep 600 &\nsleep 600');
  const startedAt = Date.now();
  expect(await runProgram(program, [], { timeoutMs: 500 })).toEqual({
    kind: 'stopped',
    reason: 'not done after 0.5 s',
    output: 'begun',
  });
  expect(Date.now() - startedAt).toBeLessThan(30_000);
});

test('a program that makes no progress is ended long before its limit', async () => {
  const program = await writeProgram(join(await makeFolder(), 'stall'), 'sleep 600');
  const end = await runProgram(program, [], { timeoutMs: 600_000, stallMs: 1000, progress: () => Promise.resolve(7) });
  expect(end).toEqual({ kind: 'stopped', reason: 'nothing came for 1 s', output: '' });
});

test('a program that is not there or fails is told apart', async () => {
  const folder = await makeFolder();
  const failing = await writeProgram(join(folder, 'fail'), 'echo why >&2; exit 3');
  expect(await runProgram(join(folder, 'none'), [], { timeoutMs: 5000 })).toEqual({ kind: 'absent' });
  expect(await runProgram(failing, [], { timeoutMs: 5000 })).toEqual({ kind: 'done', exitCode: 3, output: 'why' });
});
