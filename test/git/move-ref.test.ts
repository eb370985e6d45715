/** Compare-and-swap of refs: one winner, a repeated win succeeds again, and no kill blocks a ref for ever. */
import { existsSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Sha } from '../../src/core/transcript.ts';
import { deleteRef, moveRef } from '../../src/git/remote/move-ref.ts';
import { listRefs, readRef } from '../../src/git/remote/read-ref.ts';
import { openStore } from '../../src/git/store.ts';
import type { Store } from '../../src/git/store.ts';
import { addCommit, drawGraph, git, leftOvers, newStore, temporaryFolder } from './git-host.ts';

const REF = 'refs/coxswain/agents/a-0123456789/run';

interface Hub {
  /** The hub with the refs. */
  hub: Store;
  /** The stores that move them: the hub itself, or caches of it. */
  stores: Store[];
}

const HUBS: Record<string, () => Promise<Hub>> = {
  'a hub on this host': async () => {
    const hub = await newStore();
    return { hub, stores: [hub, hub, hub, hub, hub, hub] };
  },
  'a hub elsewhere, with a cache for each racer': async () => {
    const hub = await newStore();
    const folder = temporaryFolder();
    const dirs = Array.from({ length: 6 }, (_, index) => join(folder, `cache-${index}.git`));
    return { hub, stores: await Promise.all(dirs.map((dir) => openStore({ dir, remote: `file://${hub.dir}` }))) };
  },
};

describe.each(Object.entries(HUBS))('with %s', (_, make) => {
  test('of six concurrent moves one wins, the others lose, and the ref is at the winner’s commit', async () => {
    const { hub, stores } = await make();
    let from: Sha | null = null;
    for (let round = 0; round < 3; round += 1) {
      const goals = stores.map((store, racer) =>
        addCommit(store, { file: `${round} ${racer}` }, { message: `round ${round} racer ${racer}` }),
      );
      const results = await Promise.all(
        stores.map((store, racer) => moveRef(store, { ref: REF, to: goals[racer] as Sha, from })),
      );
      expect(results.toSorted()).toEqual(['lost', 'lost', 'lost', 'lost', 'lost', 'moved']);
      from = await readRef(hub, REF);
      expect(from).toBe(goals[results.indexOf('moved')]);
    }
    expect(leftOvers(hub)).toEqual([]);
  });

  test('a repeated win counts as moved; a move whose ref went on is lost, and so is one from a missing ref', async () => {
    const { hub, stores } = await make();
    const store = stores[0] as Store;
    const one = addCommit(store, { file: '1' }, { message: 'one' });
    const two = addCommit(store, { file: '2' }, { parents: [one], message: 'two' });
    const other = addCommit(store, { file: '3' }, { parents: [one], message: 'other' });
    const move = (to: Sha, from: Sha | null): Promise<string> => moveRef(store, { ref: REF, to, from });
    expect([
      await move(one, null),
      await move(one, null),
      await move(two, one),
      await move(two, one),
      await move(other, one),
      await move(other, null),
      await moveRef(store, { ref: `${REF}-2`, to: other, from: one }),
    ]).toEqual(['moved', 'moved', 'moved', 'moved', 'lost', 'lost', 'lost']);
    expect(drawGraph(hub.dir, '--all')).toEqual([`* two (${REF})`, '* one']);
  });

  test('a ref may be moved to any commit, also back', async () => {
    const { hub, stores } = await make();
    const store = stores[0] as Store;
    const one = addCommit(store, { file: '1' });
    const two = addCommit(store, { file: '2' }, { parents: [one] });
    await moveRef(store, { ref: REF, to: two, from: null });
    expect(await moveRef(store, { ref: REF, to: one, from: two })).toBe('moved');
    expect(await readRef(hub, REF)).toBe(one);
  });

  test('refs are read and listed by their whole names, and deleted by compare-and-swap', async () => {
    const { hub, stores } = await make();
    const store = stores[0] as Store;
    const at = addCommit(store, { file: '1' });
    const names = ['refs/coxswain/agents/a/1', 'refs/coxswain/agents/a/2', 'refs/coxswain/agents/ab/1'];
    for (const ref of [...names, 'refs/heads/refs/coxswain/agents/a/3'])
      await moveRef(store, { ref, to: at, from: null });
    expect(await listRefs(store, 'refs/coxswain/agents/a')).toEqual(names.slice(0, 2).map((ref) => ({ ref, at })));
    expect((await listRefs(store, 'refs/coxswain/agents')).length).toBe(3);
    expect(await readRef(store, 'refs/coxswain/agents/a/3')).toBeNull();
    expect(await readRef(store, 'refs/coxswain/agents/a')).toBeNull();
    const [ref = ''] = names;
    const elsewhere = addCommit(store, { file: '2' });
    expect([
      await deleteRef(store, { ref, from: elsewhere }),
      await deleteRef(store, { ref, from: at }),
      await deleteRef(store, { ref, from: at }),
    ]).toEqual(['lost', 'deleted', 'deleted']);
    expect(await readRef(hub, ref)).toBeNull();
  });
});

describe('a lock in the way', () => {
  async function lockedStore(ageSeconds: number, name = `${REF}.lock`): Promise<{ store: Store; one: Sha }> {
    const store = await newStore();
    const one = addCommit(store, { file: '1' });
    const lock = join(store.dir, name);
    mkdirSync(dirname(lock), { recursive: true });
    writeFileSync(lock, '');
    const time = Date.now() / 1000 - ageSeconds;
    utimesSync(lock, time, time);
    return { store, one };
  }

  test('is removed if a killed process left it', async () => {
    const { store, one } = await lockedStore(3600);
    expect(await moveRef(store, { ref: REF, to: one, from: null })).toBe('moved');
    expect(leftOvers(store)).toEqual([]);
  });

  test('is removed for deletions too', async () => {
    const { store, one } = await lockedStore(3600, 'packed-refs.lock');
    await moveRef(store, { ref: REF, to: one, from: null });
    expect(await deleteRef(store, { ref: REF, from: one })).toBe('deleted');
  });

  test('is respected while it is young: the move fails and can be retried', async () => {
    const { store, one } = await lockedStore(0);
    await expect(moveRef(store, { ref: REF, to: one, from: null })).rejects.toMatchObject({ kind: 'failed' });
    expect(leftOvers(store)).toEqual([`${REF}.lock`]);
    expect(await readRef(store, REF)).toBeNull();
  });
});

test('a hub that is pushed to by its path runs no hook of its own as the worker', async () => {
  const hub = await newStore();
  const mark = join(temporaryFolder(), 'ran');
  mkdirSync(join(hub.dir, 'hooks'));
  for (const name of ['pre-receive', 'update', 'reference-transaction', 'post-receive', 'post-update'])
    writeFileSync(join(hub.dir, 'hooks', name), `#!/bin/sh\ntouch ${mark}\n`, { mode: 0o755 });
  for (const remote of [hub.dir, `file://${hub.dir}`]) {
    const cache = await openStore({ dir: join(temporaryFolder(), 'cache.git'), remote });
    const to = addCommit(cache, { file: remote });
    expect(await moveRef(cache, { ref: `${REF}-${remote.length}`, to, from: null })).toBe('moved');
  }
  expect(existsSync(mark)).toBe(false);
});

test('a hub that refuses the push is a failure with the hub’s message, not a lost race', async () => {
  const hub = await newStore();
  git(hub.dir, ['config', 'receive.hideRefs', 'refs/coxswain']);
  const cache = await openStore({ dir: join(temporaryFolder(), 'cache.git'), remote: hub.dir });
  const to = addCommit(cache, { file: '1' });
  await expect(moveRef(cache, { ref: REF, to, from: null })).rejects.toMatchObject({
    kind: 'failed',
    message: expect.stringContaining('deny updating a hidden ref'),
  });
});
