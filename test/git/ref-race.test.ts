/** Refs that our processes, git's own `update-ref`, `pack-refs` and `gc` move at once, while some are killed. */
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import type { Sha } from '../../src/core/transcript.ts';
import { moveRef } from '../../src/git/remote/move-ref.ts';
import { readRef } from '../../src/git/remote/read-ref.ts';
import type { Store } from '../../src/git/store.ts';
import { sweep } from '../sweep.ts';
import { addCommit, git, newStore, spawnScript, temporaryFolder } from './git-host.ts';

/** A killed process can leave a ref's lock, which blocks that ref for half a minute: the racers then go to the next. */
const REFS = [1, 2, 3, 4, 5, 6].map((number) => `refs/coxswain/agents/a-0123456789/run-${number}`);
/** How much happens before the race is judged. */
const { moves: MOVES, kills: KILLS } = sweep({ moves: 200, kills: 4 }, { moves: 5000, kills: 60 });

/** One of our processes: appends `ref from to` to its file for each move that it won. */
const OURS = `
  import { appendFileSync } from 'node:fs';
  const [src, dir, log, name, tree, ...refs] = process.argv.slice(1);
  const { readRef } = await import(src + 'git/remote/read-ref.ts');
  const { moveRef } = await import(src + 'git/remote/move-ref.ts');
  const { commitTree } = await import(src + 'git/write/commit-tree.ts');
  const store = { dir };
  let at = 0;
  for (let turn = 0; ; turn += 1) {
    const ref = refs[at % refs.length];
    try {
      const from = await readRef(store, ref);
      const to = await commitTree(store, { tree, parents: [from], message: name + ' ' + turn });
      if ((await moveRef(store, { ref, to, from })) === 'moved') appendFileSync(log, ref + ' ' + from + ' ' + to + '\\n');
    } catch (error) {
      if (/\\.lock/.test(error.message)) at += 1;
      else appendFileSync(log, 'failed ' + error.message.replaceAll('\\n', ' ') + '\\n');
    }
  }`;

/** The same by git alone. */
const GITS = `
  export GIT_DIR="$1" log="$2" tree="$3"; shift 3; turn=0
  while :; do for ref; do
    locked=0
    while [ "$locked" -lt 10 ]; do
      turn=$((turn + 1))
      from=$(git rev-parse --verify "$ref") && to=$(git commit-tree -p "$from" -m "git $$ $turn" "$tree") || continue
      git update-ref "$ref" "$to" "$from" 2>/dev/null && echo "$ref $from $to" >>"$log" && locked=0 && continue
      [ -e "$GIT_DIR/$ref.lock" ] && locked=$((locked + 1))
    done
  done; done`;
const PACKS = 'while :; do git pack-refs --all; [ "$((n += 1))" -gt 5 ] && n=0 && git gc -q; sleep "$1"; done';

const environment = {
  PATH: '/usr/local/bin:/usr/bin:/bin',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_AUTHOR_NAME: 'Ada',
  GIT_AUTHOR_EMAIL: 'ada@example.org',
  GIT_COMMITTER_NAME: 'Ada',
  GIT_COMMITTER_EMAIL: 'ada@example.org',
};

interface Race {
  /** Whether git's own update-ref moves the same refs. */
  withGit: boolean;
  /** How long git waits before it packs all refs again. */
  pauseSeconds: number;
}

async function race(store: Store, tree: string, { withGit, pauseSeconds }: Race): Promise<string[][]> {
  const logs = join(temporaryFolder(), 'moves');
  const running = new Set<ChildProcess>();
  const add = (child: ChildProcess): ChildProcess => {
    running.add(child);
    return child;
  };
  const end = async (child: ChildProcess): Promise<void> => {
    running.delete(child);
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    // A shell's group, with the git that it runs.
    if (child.spawnfile === 'sh') process.kill(-(child.pid ?? 0), 'SIGKILL');
    else child.kill('SIGKILL');
    await ended;
  };
  onTestFinished(async () => void (await Promise.all([...running].map(end))));
  const src = new URL('../../src/', import.meta.url).href;
  const ours = (name: string): ChildProcess =>
    add(spawnScript(OURS, [src, store.dir, `${logs}-${name}`, name, tree, ...REFS]));
  const shell = (script: string, args: string[]): ChildProcess =>
    add(
      spawn('sh', ['-c', script, 'sh', ...args], {
        cwd: store.dir,
        env: { ...environment, GIT_DIR: store.dir },
        detached: true,
        stdio: 'ignore',
      }),
    );
  const names = ['one', 'two', 'three'];
  let racers = names.map(ours);
  if (withGit) shell(GITS, [store.dir, `${logs}-git`, tree, ...REFS]);
  shell(PACKS, [`${pauseSeconds}`]);
  const readOf = (name: string): string[][] =>
    (existsSync(`${logs}-${name}`) ? readFileSync(`${logs}-${name}`, 'utf8') : '')
      .split('\n')
      .slice(0, -1)
      .map((line) => line.split(' '));
  const read = (): string[][] => [...names, 'git'].flatMap(readOf);
  for (let kills = 0; kills < KILLS || read().length < MOVES; kills += 1) {
    const victim = kills % racers.length;
    const name = names[victim] ?? '';
    const before = readOf(name).length;
    // Every process is well under way when it is killed, at any point of a move.
    while (readOf(name).length < before + 15) await delay(5 + Math.random() * 20);
    await end(racers[victim] as ChildProcess);
    racers = racers.with(victim, ours(name));
  }
  for (const child of running) await end(child);
  return read();
}

const RACES: [string, Race][] = [
  // Refs that are packed twice in a second make git 2.39 alone let two moves win: it compares dates by seconds.
  ['git moves the same refs, and packs them', { withGit: true, pauseSeconds: 1 }],
  ['git packs the refs without a pause', { withGit: false, pauseSeconds: 0 }],
];

test.each(RACES)(
  'no commit has two winners, every win stays, and the store is whole: %s',
  async (_, how) => {
    const store = await newStore();
    const first = addCommit(store, { file: '1' });
    const tree = git(store.dir, ['rev-parse', `${first}^{tree}`]);
    for (const ref of REFS) expect(await moveRef(store, { ref, to: first, from: null })).toBe('moved');
    const moves = await race(store, tree, how);
    expect(moves.filter(([what]) => what === 'failed')).toEqual([]);
    for (const ref of REFS) {
      // Each commit's parent is the commit from which its maker moved the ref.
      const line = git(store.dir, ['rev-list', '--first-parent', ref]).split('\n');
      const won = moves.filter(([of]) => of === ref);
      expect(won.filter(([, , to = '']) => !line.includes(to))).toEqual([]);
      const from = won.map(([, one]) => one);
      expect(from.length).toBe(new Set(from).size);
      expect(await readRef(store, ref)).toBe(line[0] as Sha);
    }
    expect(git(store.dir, ['fsck', '--strict', '--no-dangling'])).toBe('');
  },
  600_000,
);

test('a lock that a killed process left is named while it is young, and removed when it is old', async () => {
  const store = await newStore();
  const one = addCommit(store, { file: '1' });
  const [ref = ''] = REFS;
  await moveRef(store, { ref, to: one, from: null });
  const two = addCommit(store, { file: '2' }, { parents: [one] });
  const lock = join(store.dir, `${ref}.lock`);
  // As much as was written when it was killed.
  writeFileSync(lock, two.slice(0, 20));
  await expect(moveRef(store, { ref, to: two, from: one })).rejects.toThrow(`${ref}.lock': File exists`);
  expect([await readRef(store, ref), readFileSync(lock, 'utf8')]).toEqual([one, two.slice(0, 20)]);
  utimesSync(lock, Date.now() / 1000 - 60, Date.now() / 1000 - 60);
  expect(await moveRef(store, { ref, to: two, from: one })).toBe('moved');
  expect([await readRef(store, ref), existsSync(lock)]).toEqual([two, false]);
});

test('a ref is found and moved when git has packed it, also into and out of another one’s folder', async () => {
  const store = await newStore();
  const one = addCommit(store, { file: '1' });
  const two = addCommit(store, { file: '2' }, { parents: [one] });
  const ref = 'refs/coxswain/a/b';
  await moveRef(store, { ref, to: one, from: null });
  git(store.dir, ['pack-refs', '--all', '--prune']);
  expect(existsSync(join(store.dir, ref))).toBe(false);
  expect(await readRef(store, ref)).toBe(one);
  // Git has no place for a ref above or below another.
  for (const other of ['refs/coxswain/a', `${ref}/c`])
    await expect(moveRef(store, { ref: other, to: one, from: null })).rejects.toMatchObject({ name: 'GitFailure' });
  expect(await moveRef(store, { ref, to: two, from: null })).toBe('lost');
  expect(await moveRef(store, { ref, to: two, from: one })).toBe('moved');
  expect(git(store.dir, ['rev-parse', ref])).toBe(two);
  git(store.dir, ['pack-refs', '--all', '--prune']);
  git(store.dir, ['update-ref', '-d', ref]);
  expect(await readRef(store, ref)).toBeNull();
  expect(await moveRef(store, { ref: `${ref}/c`, to: one, from: null })).toBe('moved');
});
