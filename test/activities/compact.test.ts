import { expect, test } from 'vitest';
import { findThinkPosition } from '../../src/activities/agent/compact.ts';
import type { ThinkInput } from '../../src/core/agent/step.ts';
import type { Entry, Sha } from '../../src/core/transcript.ts';
import { formatCheckpointMessage } from '../../src/core/transcript.ts';
import { moveRef } from '../../src/git/remote/move-ref.ts';
import type { Store } from '../../src/git/store.ts';
import { addCommit, newStore } from '../git/git-host.ts';

const REF = 'refs/coxswain/agents/a/1';
const USAGE = { inputTokens: 1, cachedTokens: 0, outputTokens: 1, costUsd: null };
const made = { v: 1 as const, model: 'm', usage: USAGE, items: [] };

function add(store: Store, parent: Sha, entry: Entry): Sha {
  return addCommit(store, { file: '1' }, { parents: [parent], message: formatCheckpointMessage(entry.key, entry) });
}

test('a think finds what its earlier attempt left: nothing, a compaction, or a response on top of it', async () => {
  const store = await newStore();
  const head = addCommit(store, { file: '1' });
  const input = { head, key: 'think/5' } as ThinkInput;
  await moveRef(store, { ref: REF, to: head, from: null });
  expect(await findThinkPosition(store, REF, input)).toEqual({ head, at: head, done: null });

  const compaction = add(store, head, { ...made, kind: 'compact', key: 'compact/5', replaced: 3 });
  await moveRef(store, { ref: REF, to: compaction, from: head });
  expect(await findThinkPosition(store, REF, input)).toEqual({ head: compaction, at: compaction, done: null });

  const answer = add(store, compaction, { ...made, kind: 'think', key: 'think/5', steers: [] });
  await moveRef(store, { ref: REF, to: answer, from: compaction });
  const found = await findThinkPosition(store, REF, input);
  expect([found.head, found.done?.commit]).toEqual([compaction, answer]);

  // A late attempt finds a later step and does nothing.
  const later = add(store, answer, { ...made, kind: 'think', key: 'think/6', steers: [] });
  await moveRef(store, { ref: REF, to: later, from: answer });
  await expect(findThinkPosition(store, REF, input)).rejects.toMatchObject({ type: 'Superseded' });
  // A later step may replace the compaction: the workflow continued without it.
  await moveRef(store, { ref: REF, to: compaction, from: later });
  const other = await findThinkPosition(store, REF, { ...input, key: 'think/6' });
  expect(other).toEqual({ head, at: compaction, done: null });
});
