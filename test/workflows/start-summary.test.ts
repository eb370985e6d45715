/** Temporal's list of runs shows what each one is for. */
import { randomUUID } from 'node:crypto';
import { expect, inject, onTestFinished, test } from 'vitest';
import { connectClient } from '../../src/client/connect.ts';
import { startRefactor } from '../../src/client/refactors.ts';

test('a run has its goal as summary, as code, so that no part of it is read as Markdown', async () => {
  const connected = await connectClient({ address: inject('temporalAddress'), namespace: 'default' });
  onTestFinished(async () => await connected.close());
  // Nobody works on this queue.
  const id = `test-${randomUUID()}`;
  const input = { repository: '/nowhere', goal: 'use `const` <img src=x>\n[here](https://example.com)' };
  const handle = await startRefactor(connected.client, { id, taskQueue: id, input });
  onTestFinished(async () => void (await handle.terminate()));
  expect(await (await handle.describe()).staticSummary()).toBe(
    '``use `const` <img src=x> ⏎ [here](https://example.com)``',
  );
});
