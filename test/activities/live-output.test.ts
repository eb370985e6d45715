/** What people see of a command that runs: its newest lines, as a terminal would leave them. */
import { expect, test } from 'vitest';
import { LiveStage } from '../../src/activities/attempt/live-output.ts';
import { readLive } from '../../src/core/live.ts';

function tailOf(...chunks: (string | Buffer)[]): string {
  const live = new LiveStage('command');
  for (const chunk of chunks) live.write(Buffer.from(chunk));
  return live.read().tail;
}

test('the tail has the newest five lines that are not empty, as a terminal would leave them', () => {
  expect(tailOf('1\n2\n3\n\n4\n', '5\n6\n')).toBe('2\n3\n4\n5\n6');
  expect(tailOf(' 10 %\r 50 %\r100 %\r')).toBe('100 %');
  expect(tailOf('\u001b[1m\u001b[31mFAIL\u001b[0m a.test\r\n')).toBe('FAIL a.test');
  expect(tailOf('safe \u202eevil\u0007\n')).toBe('safe \\u{202e}evil\\u{7}');
  expect(tailOf('x'.repeat(200))).toBe(`${'x'.repeat(99)}…`);
});

test('a long output costs constant memory, counts all bytes, and splits no character', () => {
  const live = new LiveStage('command', { command: 'yes', limitMs: 1000 });
  for (let chunk = 0; chunk < 100; chunk += 1) live.write(Buffer.from('é'.repeat(50_000)));
  live.write(Buffer.from('\nthe end\n'));
  const read = live.read();
  expect(read).toMatchObject({ stage: 'command', command: 'yes', limitMs: 1000, bytes: 10_000_009, tail: 'the end' });
  expect(Buffer.byteLength(JSON.stringify(read))).toBeLessThan(200);
});

test('details that are not ours, too long, or hostile are no report, or a harmless and short one', () => {
  for (const details of [undefined, null, 'x', { now: 1 }, { now: { stage: 'command' } }, { note: 1 }])
    expect(readLive(details)).toBeUndefined();
  const now = { stage: 'command', elapsedMs: 1, bytes: 1 };
  expect(readLive({ note: 1, now: { ...now, tail: `a\u001b[2J\n${'b'.repeat(9000)}\n`.repeat(9) } })).toEqual({
    ...now,
    tail: ['', 'a\\u{1b}[2J', '', 'a\\u{1b}[2J', ''].map((line) => line || `${'b'.repeat(99)}…`).join('\n'),
  });
});
