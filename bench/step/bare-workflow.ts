/** A workflow that does nothing but pairs of activities: what a step costs in Temporal alone. */
import { proxyActivities } from '@temporalio/workflow';

const { first, second } = proxyActivities<{ first(): Promise<void>; second(): Promise<void> }>({
  startToCloseTimeout: '1 minute',
});

export async function pairs(count: number): Promise<void> {
  for (let pair = 0; pair < count; pair += 1) {
    await first();
    await second();
  }
}
