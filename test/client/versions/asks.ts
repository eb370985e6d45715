/** The same workflow after a careless change: where a timer was started, an activity is. */
import { proxyActivities } from '@temporalio/workflow';

/** Never gets past what its history says. */
export async function changing(): Promise<string> {
  const { look } = proxyActivities<{ look: () => Promise<string> }>({ startToCloseTimeout: '1 minute' });
  return await look();
}
