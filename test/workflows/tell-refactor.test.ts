/** Telling a refactor takes a while: what happens to the agent meanwhile stays, so that no step is done twice. */
import { expect, test } from 'vitest';
import { advanceAgent } from '../../src/core/agent/advance.ts';
import { createAgent, nextAgentCommand } from '../../src/core/agent/next.ts';
import type { AgentEvent, AgentReport, AgentState } from '../../src/core/agent/state.ts';
import { tellBeside } from '../../src/workflows/tell-refactor.ts';
import { acted, sha, shell, specOf, thought } from '../core/builders.ts';

/** An agent whose act is tried again, and which has that to tell. */
function inTrouble(): AgentState {
  const spec = specOf({ refactor: 'r' });
  const begun = advanceAgent(createAgent('r/lib.1', spec), { kind: 'began', at: 1, head: sha('begin') });
  const acting = advanceAgent(begun, thought(begun, 2, shell('c1', 'ls')));
  const news = { what: 'act', attempt: 2, reason: 'the disk is full' };
  return advanceAgent(acting, { kind: 'troubled', at: 3, news });
}

/** Tells it, and has the act end before the refactor has heard; gives what the agent does next. */
async function tellWhileItActs(keepsWhatCame: boolean): Promise<string> {
  let state = inTrouble();
  expect(nextAgentCommand({ ...state, outbox: [] })).toMatchObject({ kind: 'act', input: { key: 'act/1' } });
  let hear: (event: AgentEvent) => void = () => undefined;
  const told: AgentReport[] = [];
  const telling = tellBeside(
    () => state,
    (next) => (state = next),
    (report) => {
      told.push(report);
      return new Promise((resolve) => (hear = resolve));
    },
    () => keepsWhatCame,
  );
  state = advanceAgent(state, acted(state, 4));
  const [report] = told;
  if (!report) throw new Error('nothing was told');
  hear({ kind: 'reported', at: 5, report });
  await telling;
  const command = nextAgentCommand({ ...state, outbox: [] });
  return 'input' in command ? `${command.kind} ${'key' in command.input ? command.input.key : ''}` : command.kind;
}

test('an act that ends while its trouble is told is not done again', async () => {
  expect(await tellWhileItActs(true)).toBe('think think/2');
});

test('a run from before replays as it went', async () => {
  expect(await tellWhileItActs(false)).toBe('act act/1');
});
