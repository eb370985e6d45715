/**
 * The schedule that starts the janitor once a day.
 * Rule: there is one for a task queue, however often it is set up; a person's own changes to it (times, a pause) stay.
 */
import type { Client } from '@temporalio/client';
import { ScheduleAlreadyRunning, ScheduleOverlapPolicy } from '@temporalio/client';
import { explainFailures } from './client-failure.ts';

/** Id of the schedule, and beginning of its runs' ids: `coxswain-janitor` for the default queue. */
function janitorId(taskQueue: string): string {
  return `${taskQueue}-janitor`;
}

/** Makes the schedule where it is missing; gives its id. */
export async function scheduleJanitor(client: Client, taskQueue: string): Promise<string> {
  const scheduleId = janitorId(taskQueue);
  await explainFailures(scheduleId, async () => {
    try {
      await client.schedule.create({
        scheduleId,
        spec: { intervals: [{ every: '1 day' }] },
        action: { type: 'startWorkflow', workflowType: 'janitor', taskQueue, workflowId: scheduleId, args: [] },
        policies: {
          overlap: ScheduleOverlapPolicy.SKIP,
          // A machine that was off at the time does it when it is on again, once.
          catchupWindow: '2 days',
        },
      });
    } catch (error) {
      if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    }
  });
  return scheduleId;
}
