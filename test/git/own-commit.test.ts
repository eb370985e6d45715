/** A hub that several repositories share: each has its own refs, and accepts no commit of another one. */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Sha } from '../../src/core/transcript.ts';
import { ensureCommit, hasObject } from '../../src/git/remote/fetch-commit.ts';
import { importBase } from '../../src/git/remote/import-base.ts';
import { deleteRef, moveRef } from '../../src/git/remote/move-ref.ts';
import { ensureOwnCommit } from '../../src/git/remote/own-commit.ts';
import { readRef } from '../../src/git/remote/read-ref.ts';
import { openStore } from '../../src/git/store.ts';
import type { Store } from '../../src/git/store.ts';
import { addCommit, git, newRepository, newStore, refNames, temporaryFolder } from './git-host.ts';

const REF = 'refs/coxswain/agents/a-0123456789/run';
const OWN = 'refs/coxswain/agents/a-0123456789';

describe.each(['by its path', 'by a URL'])('a shared hub, reached %s', (how) => {
  /** The stores of two repositories that share a hub. */
  async function shared(): Promise<{ hub: Store; one: Store; two: Store }> {
    const hub = await newStore();
    const open = async (space: string): Promise<Store> =>
      how === 'by its path'
        ? { ...hub, space }
        : await openStore({ dir: join(temporaryFolder(), 'cache.git'), remote: `file://${hub.dir}`, space });
    return { hub, one: await open('one-1111111111'), two: await open('two-2222222222') };
  }

  const own = (store: Store, commit: Sha): Promise<void> => ensureOwnCommit(store, { commit, own: OWN });

  test("has each repository's refs in its own folder", async () => {
    const { hub, one, two } = await shared();
    const { commit } = await importBase(one, { repository: newRepository() });
    const to = addCommit(one, { file: '1' });
    expect(await moveRef(one, { ref: REF, to, from: null })).toBe('moved');
    expect(await readRef(one, REF)).toBe(to);
    expect(await readRef(two, REF)).toBeNull();
    expect(refNames(hub.dir)).toEqual([
      `refs/coxswain/one-1111111111/agents/a-0123456789/run`,
      `refs/coxswain/one-1111111111/bases/${commit}`,
    ]);
    expect(await deleteRef(one, { ref: REF, from: to })).toBe('deleted');
    expect(await readRef(one, REF)).toBeNull();
  });

  test('finds the refs of runs that began before these folders existed', async () => {
    const { hub, one } = await shared();
    const from = addCommit(hub, { file: '1' });
    git(hub.dir, ['update-ref', REF, from]);
    await ensureCommit(one, { commit: from, ref: REF });
    const to = addCommit(one, { file: '2' }, { parents: [from] });
    expect(await readRef(one, REF)).toBe(from);
    expect(await moveRef(one, { ref: REF, to, from })).toBe('moved');
    expect(await moveRef(one, { ref: REF, to: from, from })).toBe('lost');
    expect(refNames(hub.dir)).toEqual([REF]);
    await own(one, from);
  });

  test("accepts a person's commit from the repository's folder, and none that only the hub has", async () => {
    const { hub, one, two } = await shared();
    const secret = addCommit(hub, { 'secret.txt': 'top secret\n' });
    git(hub.dir, ['update-ref', 'refs/coxswain/two-2222222222/bases/x', secret]);
    git(hub.dir, ['update-ref', 'refs/heads/mine', secret]);
    await expect(own(one, secret)).rejects.toMatchObject({
      kind: 'missing-base',
      message: expect.stringContaining(`${secret}:refs/coxswain/one-1111111111/wheel/<name>`),
    });
    await own(two, secret);
    const mine = addCommit(hub, { file: 'by hand' });
    const later = addCommit(hub, { file: 'more' }, { parents: [mine] });
    git(hub.dir, ['update-ref', 'refs/coxswain/one-1111111111/wheel/ann', later]);
    await own(one, mine);
    expect(await hasObject(one, mine)).toBe(true);
    await expect(own(one, '1'.repeat(40) as Sha)).rejects.toMatchObject({ kind: 'missing-base' });
  });
});

test('in its own hub, a repository accepts any commit that was pushed there', async () => {
  const hub = await newStore();
  const mine = addCommit(hub, { file: 'by hand' });
  await ensureOwnCommit(hub, { commit: mine, own: OWN });
  await expect(ensureOwnCommit(hub, { commit: '1'.repeat(40) as Sha, own: OWN })).rejects.toMatchObject({
    kind: 'missing-base',
  });
});
