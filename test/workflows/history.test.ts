import { expect, test } from 'vitest';
import { approve, makeRepository, finish, onePlan, planned, shell, startCrew, until } from './harness.ts';

const STEPS = 205;

test('a step takes at most 14 events and 4 KiB of history, the same at step 5 and at step 200', async () => {
  const crew = await startCrew(({ task, turn }) => {
    if (task === 'plan') return planned(onePlan({ id: 'a', paths: ['a/**'], maxSteps: 300 }));
    return turn < STEPS ? shell(`echo step ${turn} >> a/steps.txt; head -c 2000 /dev/zero | tr '\\0' x`) : finish();
  });
  const handle = await crew.start({ repository: await makeRepository() });
  await approve(handle, 'plan@1');
  await until(handle, ({ needs }) => needs.some(({ id }) => id === 'delivery@1'), 300_000);
  const agent = crew.client.workflow.getHandle(`${handle.workflowId}/a.1`);
  const { events } = await agent.fetchHistory();
  const starts = (events ?? []).flatMap((event, index) => {
    const type = event.activityTaskScheduledEventAttributes?.activityType?.name;
    return type === 'think' ? [index] : [];
  });
  expect(starts.length).toBeGreaterThanOrEqual(STEPS);
  const measure = (step: number): { events: number; bytes: number } => {
    const slice = (events ?? []).slice(starts[step - 1], starts[step]);
    const { historyEvent } = { historyEvent: slice };
    const bytes = historyEvent.reduce((sum, event) => sum + Buffer.byteLength(JSON.stringify(event)), 0);
    return { events: slice.length, bytes };
  };
  const [early, late] = [measure(5), measure(200)];
  console.log('history per step', early, late);
  expect(early.events).toBeLessThanOrEqual(14);
  expect(late.events).toBe(early.events);
}, 400_000);
