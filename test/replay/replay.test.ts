import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { WorkflowBundleOption } from '@temporalio/worker';
import { Worker } from '@temporalio/worker';
import { beforeAll, expect, test } from 'vitest';
import { openKeyRing } from '../../src/seal/key-ring.ts';
import { bundleWorkflows } from '../../src/stack/bundle-workflows.ts';
import { openDataConverter, quietRuntime } from '../../src/worker.ts';

// Recorded by test/workflows/record.ts and kept for ever: a broken one means that a patch is missing.
const folder = fileURLToPath(new URL('./histories/', import.meta.url));
const TEST_KEY = fileURLToPath(new URL('../seal/test-key.json', import.meta.url));
const names = (await readdir(folder)).filter((name) => name.endsWith('.json'));

/** As the temporal program writes it; ids of children are made of the workflow's own. */
interface Recorded {
  events: [{ workflowExecutionStartedEventAttributes: { workflowId: string } }];
}

let workflowBundle: WorkflowBundleOption;

beforeAll(async () => {
  quietRuntime();
  workflowBundle = await bundleWorkflows();
});

test('there are recorded histories of both workflow types', () => {
  expect(names.filter((name) => name.includes('refactor')).length).toBeGreaterThan(0);
  expect(names.filter((name) => name.includes('agent')).length).toBeGreaterThan(0);
});

test.each(names)('%s replays', async (name) => {
  const history = JSON.parse(await readFile(`${folder}${name}`, 'utf8')) as Recorded;
  const { workflowId } = history.events[0].workflowExecutionStartedEventAttributes;
  const options = { workflowBundle, dataConverter: openDataConverter(openKeyRing(TEST_KEY), 'default') };
  await Worker.runReplayHistory(options, history, workflowId);
});
