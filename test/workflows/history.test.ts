import { temporal as proto } from '@temporalio/proto';
import { expect, test } from 'vitest';
import { approve, finish, makeRepository, onePlan, planned, shell, startCrew, until } from './harness.ts';
import { sweep } from '../sweep.ts';

/** The last step that is measured, and a neighbour on each side. */
const LAST = sweep(40, 200);
const STEPS = LAST + 3;

test('a step takes at most 14 events and 4 KiB of history, the same early and late', async () => {
  const crew = await startCrew(({ task, turn }) => {
    if (task === 'plan') return planned(onePlan({ id: 'a', paths: ['a/**'], maxSteps: 300, maxTokens: 1e9 }));
    const output = "head -c 500 /dev/zero | tr '\\0' x";
    return turn < STEPS ? shell(`echo step ${turn} >> a/steps.txt; ${output}`) : finish();
  });
  const handle = await crew.start({ repository: await makeRepository() });
  await approve(handle, 'plan@1');
  await until(handle, ({ needs }) => needs.some(({ id }) => id === 'delivery@1'), 300_000);
  const { events } = await crew.client.workflow.getHandle(`${handle.workflowId}/a.1`).fetchHistory();
  const all = events ?? [];
  const starts = all.flatMap(({ activityTaskScheduledEventAttributes: scheduled }, index) =>
    scheduled?.activityType?.name === 'think' ? [index] : [],
  );
  expect(starts.length).toBeGreaterThanOrEqual(STEPS);
  const measure = (step: number): { events: number; bytes: number } => {
    const slice = all.slice(starts[step - 1], starts[step]);
    const sizes = slice.map((event) => proto.api.history.v1.HistoryEvent.encode(event).finish().length);
    return { events: slice.length, bytes: sizes.reduce((sum, size) => sum + size, 0) };
  };
  // A timer that now and then looks after the refactor is no part of a step: the leanest of three neighbours has none.
  const leanest = (step: number) => [step - 1, step, step + 1].map(measure).toSorted((a, b) => a.events - b.events)[0];
  const [early, late] = [leanest(5), leanest(LAST)];
  if (!early || !late) throw new Error('no steps');
  expect(early.events).toBeLessThanOrEqual(14);
  expect(late.events).toBe(early.events);
  expect(early.bytes).toBeLessThanOrEqual(4096);
  // Step numbers have more digits later; nothing else grows.
  expect(late.bytes - early.bytes).toBeLessThanOrEqual(64);
});
