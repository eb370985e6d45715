/** The same workflow, replayed with its update in the place where the SDK puts it. */
import { defineUpdate, setHandler, sleep } from '@temporalio/workflow';

/** Ends a moment after it was told to. */
export async function reordered(): Promise<string> {
  let told = '';
  setHandler(defineUpdate<string, [string]>('tell'), (word) => (told = word));
  for (;;) {
    await sleep('1 second');
    if (told === 'end') return told;
  }
}
