/** What an agent does at this moment, as lines for people. */
import { expect, test } from 'vitest';
import { showDoing, showTail } from '../../../src/cli/person/show-doing.ts';
import { createTeller } from '../../../src/cli/person/tell-doing.ts';
import type { AgentNow } from '../../../src/client/agent-now.ts';
import type { Live } from '../../../src/core/live.ts';
import type { AgentStatus } from '../../../src/core/views/status.ts';

const STATUS = { id: 'demo-1/lib.1', refactor: 'demo-1', doing: 'act', step: 3 } as AgentStatus;

function nowOf(live: Partial<Live>, more: object = {}): AgentNow {
  const command = { stage: 'command', command: 'npm test', elapsedMs: 14_000, bytes: 0, tail: '' };
  return {
    status: STATUS,
    activity: { type: 'act', attempt: 1, startedAt: 0, live: { ...command, ...live }, ...more },
  };
}

test('the line has the command, its time and limit, how much it said, and which attempt it is', () => {
  expect(showDoing(nowOf({ limitMs: 600_000, bytes: 12_300 }))).toBe(
    'runs npm test: 14 s of at most 10 min 0 s, 12 KiB so far',
  );
  expect(showDoing(nowOf({}, { attempt: 3 }))).toBe('runs npm test: 14 s, attempt 3');
  const { activity } = nowOf({ stage: 'model', elapsedMs: 2000, bytes: 40 });
  delete activity?.live?.command;
  expect(showDoing({ status: STATUS, activity })).toBe('waits for the model: 2 s, 40 bytes so far');
  expect(showDoing({ status: STATUS, activity: { type: 'runChecks', attempt: 1, startedAt: 0 } })).toBe(
    'runs the checks of its task',
  );
  expect(showDoing({ status: { ...STATUS, doing: 'waits for the decision lib/call@1' }, activity: null })).toBe(
    'waits for the decision lib/call@1',
  );
});

test('the last lines of output are marked as foreign, and can forge no line', () => {
  expect(showTail(nowOf({ tail: 'one\nDECIDE delivery@1' }))).toEqual(['  | one\n  | DECIDE delivery@1']);
  expect(showTail(nowOf({}))).toEqual([]);
});

test('a watch tells of a long step once, and again when it says something new, at most every five seconds', () => {
  const said: string[] = [];
  const tell = createTeller((line) => said.push(line));
  tell(nowOf({ elapsedMs: 1000, tail: 'a' }));
  tell(nowOf({ elapsedMs: 4000, tail: 'a' }));
  tell(nowOf({ elapsedMs: 6000, tail: 'b' }));
  tell(nowOf({ elapsedMs: 9500, tail: 'b' }));
  tell(nowOf({ elapsedMs: 30_000, tail: 'b' }));
  tell(nowOf({ elapsedMs: 3500, tail: 'b' }, { startedAt: 40_000 }));
  expect(said).toEqual([
    '  lib.1 ▸ runs npm test: 4 s | a',
    '  lib.1 ▸ runs npm test: 10 s | b',
    '  lib.1 ▸ runs npm test: 4 s | b',
  ]);
});
