import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
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

/** What replaying each gave, by its file's name; one worker replays them all. */
const errors = new Map<string, Error | undefined>();

beforeAll(async () => {
  quietRuntime();
  const dataConverter = openDataConverter(openKeyRing(TEST_KEY), 'default');
  const options = { workflowBundle: await bundleWorkflows(), dataConverter };
  const histories = await Promise.all(names.map(readHistory));
  let replayed = 0;
  for await (const { error } of Worker.runReplayHistories(options, histories)) {
    errors.set(names[replayed] ?? '', error);
    replayed += 1;
  }
});

async function readHistory(name: string): Promise<{ history: unknown; workflowId: string }> {
  const history = JSON.parse(await readFile(`${folder}${name}`, 'utf8')) as Recorded;
  const { workflowId } = history.events[0].workflowExecutionStartedEventAttributes;
  return { history, workflowId };
}

test('there are recorded histories of both workflow types', () => {
  expect(names.filter((name) => name.includes('refactor')).length).toBeGreaterThan(0);
  expect(names.filter((name) => name.includes('agent')).length).toBeGreaterThan(0);
});

test.each(names)('%s replays', (name) => {
  expect(errors.has(name)).toBe(true);
  expect(errors.get(name)).toBe(undefined);
});
