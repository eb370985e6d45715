import { join } from 'node:path';
import { expect, test } from 'vitest';
import { formatCheckpointMessage } from '../../src/core/transcript.ts';
import type { Sha } from '../../src/core/transcript.ts';
import { moveRef } from '../../src/git/remote/move-ref.ts';
import { readRoot } from '../../src/git/read/read-chain.ts';
import { readTips } from '../../src/git/remote/read-tips.ts';
import { openStore } from '../../src/git/store.ts';
import { addCommit, newStore, temporaryFolder } from './git-host.ts';

const MADE_AT = Date.parse('2026-01-01T00:00:00Z');

test('tips have their commits’ dates; a commit that neither store nor hub has is left out', async () => {
  const hub = await newStore();
  const one = addCommit(hub, { file: '1' });
  const ref = 'refs/coxswain/agents/a/1';
  await moveRef(hub, { ref, to: one, from: null });
  const missing = { ref: 'refs/coxswain/agents/b/1', at: '1'.repeat(40) as Sha };
  expect(await readTips(hub, [{ ref, at: one }, missing])).toEqual(new Map([[one, MADE_AT]]));
  expect(await readTips(hub, [])).toEqual(new Map());
  // A host without these commits fetches them.
  const cache = await openStore({ dir: join(temporaryFolder(), 'cache.git'), remote: hub.dir });
  expect(await readTips(cache, [{ ref, at: one }])).toEqual(new Map([[one, MADE_AT]]));
});

test('the start of a chain is found below any number of checkpoints, and never in a quoted text', async () => {
  const store = await newStore();
  const base = addCommit(store, { file: '1' });
  const start = { v: 1 as const, kind: 'start' as const, key: 'begin', instructions: 'do', profile: 'work' as const };
  const entry = { ...start, items: [], agent: 'r/a.1', refactor: 'r' };
  const root = addCommit(store, { file: '1' }, { parents: [base], message: formatCheckpointMessage('begin', entry) });
  const quoted = JSON.stringify({ ...entry, agent: 'liar', refactor: 'liar' });
  const tree = { v: 1 as const, kind: 'tree' as const, key: 'x', reason: 'x' };
  const items = [{ kind: 'user' as const, text: quoted }];
  const message = formatCheckpointMessage('quotes', { ...tree, items });
  const head = addCommit(store, { file: '2' }, { parents: [root], message });
  expect(await readRoot(store, head)).toEqual(entry);
  expect(await readRoot(store, base)).toBeUndefined();
});
