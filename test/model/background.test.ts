import { describe, expect, test } from 'vitest';
import { openModel } from '../../src/model/call-model.ts';
import type { ModelRequest } from '../../src/model/call-model.ts';
import type { ResponsesServer } from '../../src/offline/server/responses-server.ts';
import { CALL, failureOf, request, serve, settings, USER } from './scripted-model.ts';

/** An attempt's memory of the response under way: all ids in order, undefined when it was forgotten. */
function memory(id?: string): { background: NonNullable<ModelRequest['background']>; ids: (string | undefined)[] } {
  const ids: (string | undefined)[] = [];
  return { background: { id, keep: (kept) => void ids.push(kept) }, ids };
}

const stateOf = (server: ResponsesServer, id: string | undefined): string | undefined =>
  server.kept.get(id ?? '')?.response.status;

/** Starts a response and disconnects, as a killed worker does; returns the response's id. */
async function abandon(server: ResponsesServer): Promise<string> {
  const gone = new AbortController();
  const { background, ids } = memory();
  const call = openModel(settings(server)).call(request([USER], { background, signal: gone.signal }));
  call.catch(() => undefined);
  await expect.poll(() => ids.length).toBe(1);
  gone.abort();
  await expect(call).rejects.toThrow();
  return ids[0] ?? '';
}

describe('a response in the background', () => {
  test('is stored at the provider, known by its id before it is complete, and whole like any other', async () => {
    const server = await serve(() => ({ items: [CALL], delayMs: 100 }));
    const { background, ids } = memory();
    const answer = await openModel(settings(server)).call(request([USER], { background }));
    expect(answer).toMatchObject({ items: [CALL], stop: 'complete', notes: [] });
    expect(server.requests[0]?.raw).toMatchObject({ background: true, store: true, stream: true });
    expect(ids).toEqual([[...server.kept.keys()][0]]);
  });

  test('goes on without its client, is fetched by its id, and requested only once', async () => {
    const server = await serve(() => ({ items: [CALL], delayMs: 3000 }));
    const id = await abandon(server);
    expect(stateOf(server, id)).toBe('in_progress');
    const { background, ids } = memory(id);
    const answer = await openModel(settings(server)).call(request([USER], { background }));
    expect(answer.items).toEqual([CALL]);
    expect(answer.usage.inputTokens).toBeGreaterThan(0);
    expect(server.count).toBe(1);
    expect(ids).toEqual([]);
  });

  test.each(['cut-stream', 'no-end'] as const)(
    'survives a stream that breaks (%s): the rest is fetched',
    async (fault) => {
      const server = await serve(() => ({ fault, items: [CALL] }));
      const { background } = memory();
      const answer = await openModel(settings(server)).call(request([USER], { background }));
      expect(answer.items).toEqual([CALL]);
      expect(server.count).toBe(1);
    },
  );

  test('is requested again, with a note, if the provider no longer has it', async () => {
    const server = await serve(() => ({ items: [CALL] }));
    const { background, ids } = memory('resp_gone');
    const answer = await openModel(settings(server)).call(request([USER], { background }));
    expect(answer.items).toEqual([CALL]);
    expect(answer.notes.join()).toContain('no longer has response resp_gone');
    expect(ids).toEqual([undefined, [...server.kept.keys()][0]]);
  });

  test('that a server does not store, though asked to, breaks off like any other', async () => {
    const server = await serve(({ raw }) => {
      delete raw['background'];
      return { fault: 'cut-stream' };
    });
    const { background, ids } = memory();
    const failure = await failureOf(openModel(settings(server)).call(request([USER], { background })));
    expect(failure).toMatchObject({ kind: 'broken-stream', retryable: true });
    expect(ids.at(-1)).toBeUndefined();
  });

  test('that failed is forgotten, so that the next attempt requests a new one', async () => {
    const server = await serve(() => ({ fault: 'failed', code: 'server_error' }));
    const { background, ids } = memory();
    const failure = await failureOf(openModel(settings(server)).call(request([USER], { background })));
    expect(failure).toMatchObject({ kind: 'overloaded', retryable: true });
    expect(ids).toEqual([[...server.kept.keys()][0], undefined]);
  });

  test('that takes too long is waited for by the next attempt, and not paid for again', async () => {
    const server = await serve(() => ({ items: [CALL], delayMs: 6000 }));
    const { background, ids } = memory();
    const hasty = openModel(settings(server, { timeoutMs: 3000 }));
    expect(await failureOf(hasty.call(request([USER], { background })))).toMatchObject({ kind: 'timeout' });
    expect(ids).toHaveLength(1);
    const again = memory(ids[0]);
    const answer = await openModel(settings(server)).call(request([USER], { background: again.background }));
    expect(answer.items).toEqual([CALL]);
    expect(server.count).toBe(1);
  });

  test('is cancelled at the provider when it is not needed any more', async () => {
    const server = await serve(() => ({ fault: 'hang' }));
    const id = await abandon(server);
    await openModel(settings(server)).cancel(id);
    expect(stateOf(server, id)).toBe('cancelled');
    const { background, ids } = memory(id);
    const failure = await failureOf(openModel(settings(server)).call(request([USER], { background })));
    expect(failure).toMatchObject({ kind: 'broken-stream', retryable: true });
    expect(ids).toEqual([undefined]);
    // Cancelling one that no longer exists is no failure.
    await openModel(settings(server)).cancel('resp_gone');
  });
});

test('without that policy, nothing is stored at the provider', async () => {
  const server = await serve(() => ({ items: [CALL] }));
  await openModel(settings(server)).call(request());
  expect(server.requests[0]?.raw).toMatchObject({ store: false });
  expect(server.requests[0]?.raw).not.toHaveProperty('background');
});
