/** The workflow as it was when its run began: it waits by a timer. */
import { defineSignal, setHandler, sleep } from '@temporalio/workflow';

/** Ends a moment after it was told to. */
export async function changing(): Promise<string> {
  let told = false;
  setHandler(defineSignal('end'), () => {
    told = true;
  });
  while (!told) await sleep('1 second');
  return 'told';
}
