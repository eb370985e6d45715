/** A run as the full screen shows it, for tests: one task that works, one that waits, one decision. */
import type { AgentNow } from '../../../src/client/agent-now.ts';
import type { Snapshot } from '../../../src/client/snapshot.ts';
import { viewRun } from '../../../src/cli/screen/view.ts';
import type { ScreenView } from '../../../src/cli/screen/view.ts';
import type { AgentRow, TaskView } from '../../../src/core/views/agent-rows.ts';
import type { AgentStatus, NeedView, RefactorStatus } from '../../../src/core/views/status.ts';

const SPEND = { inputTokens: 56_000, cachedTokens: 0, outputTokens: 900, costUsd: 0.31, modelCalls: 9, acts: 8 };

export function needOf(more: Partial<NeedView> = {}): NeedView {
  return {
    id: 'src/outside@1',
    kind: 'outside',
    task: 'src',
    about: 'changed outside the task: README.md\nsecond line',
    digest: 'd1'.repeat(32),
    openedAt: 1_000,
    risk: 'medium',
    signatures: 'optional',
    does: { approve: 'it is kept', reject: 'it is undone', note: 'optional' },
    ...more,
  };
}

function snapshotOf(more: Partial<RefactorStatus> = {}): Snapshot {
  const task = (id: string, status: string, rest: Partial<TaskView> = {}): TaskView => ({
    id,
    title: `Do ${id}`,
    status,
    agent: null,
    steps: 0,
    needs: [],
    trouble: null,
    ...rest,
  });
  const working = { id: 's1/src.1', task: 'src', kind: 'work', status: 'working', steps: 8, needs: [], trouble: null };
  const status = {
    id: 's1',
    goal: 'Tidy the sources',
    repository: '/r',
    base: '69f7ef6aaaaaaaa',
    state: 'working',
    needs: [needOf()],
    hold: null,
    trouble: null,
    paused: null,
    tasks: [
      task('tests', 'integrated', { agent: 's1/tests.1', steps: 6 }),
      task('src', 'working', { agent: 's1/src.1', steps: 8 }),
      task('docs', 'waiting'),
    ],
    agents: [working as AgentRow],
    spend: SPEND,
    receipts: [{ id: 'r1', verb: 'steer', by: 'ann', at: 0, state: 'delivered', detail: 'read', text: 'be brief' }],
    ...more,
  } as RefactorStatus;
  const live = { stage: 'command', command: 'pytest -x', elapsedMs: 14_000, limitMs: 60_000, bytes: 3000 };
  const agent = { id: 's1/src.1', refactor: 's1', step: 9, maxSteps: 40, doing: 'act', spend: SPEND } as AgentStatus;
  const now: AgentNow = {
    status: agent,
    activity: { type: 'act', attempt: 1, startedAt: 0, live: { ...live, tail: 'collected 42\n3 passed' } },
  };
  return {
    status,
    agents: [agent],
    ids: ['s1/tests.1', 's1/src.1'],
    now: new Map([['s1/src.1', now]]),
    log: [
      { at: 0, text: 'prepared' },
      { at: 1, text: 'src.1 said: I edit the files' },
    ],
  };
}

export function viewOf(more: Partial<RefactorStatus> = {}): ScreenView {
  return viewRun(snapshotOf(more), { startedAt: 0, usd: 4, now: 61_000 });
}
