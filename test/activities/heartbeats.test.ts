import { MockActivityEnvironment } from '@temporalio/testing';
import { expect, test } from 'vitest';
import { withHeartbeats } from '../../src/activities/attempt/heartbeats.ts';

/** Runs an activity that gets this note of the attempt before; gives the heartbeats that it sent. */
async function beatsOf(body: Parameters<typeof withHeartbeats>[0], heartbeatDetails?: unknown): Promise<unknown[]> {
  const environment = new MockActivityEnvironment({ heartbeatDetails });
  const beats: unknown[] = [];
  environment.on('heartbeat', (note: unknown) => beats.push(note));
  await environment.run(async () => await withHeartbeats(body));
  return beats;
}

const atOnce = async (): Promise<void> => await Promise.resolve();

test('an activity that ends at once sends no heartbeat, unless it has a note to pass on', async () => {
  expect(await beatsOf(atOnce)).toEqual([]);
  expect(await beatsOf(atOnce, { free: 1 })).toEqual([{ free: 1 }]);
});

test('an activity that runs on sends heartbeats, and a new note at once', async () => {
  const environment = new MockActivityEnvironment();
  const isBeating = new Promise((resolve) => environment.on('heartbeat', resolve));
  await environment.run(async () => await withHeartbeats(async () => void (await isBeating)));
  expect(await beatsOf(async (_, memory) => await Promise.resolve(memory.write('new')))).toEqual(['new']);
});
