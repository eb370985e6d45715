/**
 * Reads the commit dates of refs.
 * Rule: a few processes for all refs together; a commit that can't be fetched is left out.
 */
import type { Sha } from '../../core/transcript.ts';
import { HUB } from '../reach.ts';
import { streamGit } from '../run-git.ts';
import { runRemote } from './run-remote.ts';
import type { Store } from '../store.ts';

/** Most refs of one fetch: far below the limit of a command line. */
const MAX_FETCHED = 200;

/** The commit dates in milliseconds since 1970. Commits that the store lacks are fetched from the hub by their refs. */
export async function readTips(store: Store, refs: readonly { ref: string; at: Sha }[]): Promise<Map<Sha, number>> {
  const here = await readDates(store, refs);
  const away = refs.filter(({ at }) => !here.has(at));
  if (store.remote === undefined || away.length === 0) return here;
  for (let from = 0; from < away.length; from += MAX_FETCHED) {
    const names = away.slice(from, from + MAX_FETCHED).map(({ ref }) => ref);
    const options = ['--no-tags', '--no-write-fetch-head', '--no-recurse-submodules', '--update-shallow'];
    await runRemote(store, ['fetch', '--progress', ...options], HUB, names);
  }
  return await readDates(store, refs);
}

async function readDates(store: Store, refs: readonly { at: Sha }[]): Promise<Map<Sha, number>> {
  const { output } = await streamGit(store.dir, ['cat-file', '--batch-check=%(objectname) %(objecttype)'], {
    input: [refs.map(({ at }) => `${at}\n`).join('')],
  });
  const there = output
    .toString('utf8')
    .split('\n')
    .flatMap((line) => (line.endsWith(' commit') ? [line.split(' ')[0] ?? ''] : []));
  if (there.length === 0) return new Map();
  const args = ['log', '--no-walk=unsorted', '--no-show-signature', '--format=%H %ct', '--stdin'];
  const dates = await streamGit(store.dir, args, { input: [`${there.join('\n')}\n`] });
  return new Map(
    dates.output
      .toString('utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.split(' '))
      .map(([commit = '', seconds = '']) => [commit as Sha, Number(seconds) * 1000]),
  );
}
