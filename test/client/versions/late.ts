/** A workflow that takes an update only after it has started its timer: what the SDK's fault makes of any. */
import { defineUpdate, setHandler, sleep } from '@temporalio/workflow';

/** Ends a moment after it was told to. */
export async function reordered(): Promise<string> {
  let told = '';
  const first = sleep('1 second');
  setHandler(defineUpdate<string, [string]>('tell'), (word) => (told = word));
  await first;
  for (;;) {
    if (told === 'end') return told;
    await sleep('1 second');
  }
}
