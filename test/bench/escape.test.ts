/** The escape bench's own honesty: its canaries can be set off, so that "blocked" means something. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { compare, contestOf } from '../../bench/escape/compare.ts';
import { loadAttacks, loadDailyWork } from '../../bench/escape/load.ts';
import { prepareNone } from '../../bench/escape/runners/none.ts';
import { realIsolation } from '../sandbox/sandbox-host.ts';

/** Attacks that are not run here, and why; `npm run bench:escape` runs them. */
const NOT_HERE: Record<string, string> = {
  'fork-bomb': 'five thousand processes are too many beside other tests',
  memory: 'two gibibytes are too much beside other tests',
  'memory-by-tmpfs': 'a gibibyte is too much beside other tests',
  'disk-full': 'the small disk is a gibibyte of memory',
  'sparse-file': 'it takes twenty seconds of reading zeros',
};
const AT_ONCE = 4;

const isolation = await realIsolation();

function temporaryFolder(): string {
  // Short, since unix sockets lie in it.
  const folder = mkdtempSync(join(tmpdir(), 'cox-esc-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, 't'));
  return join(folder, 't');
}

test('each attack of ours has its effect where nothing isolates it', { timeout: 600_000 }, async () => {
  const parent = temporaryFolder();
  const prepared = prepareNone(isolation.path);
  const queue = (await loadAttacks()).filter(({ isBlind, name }) => !isBlind && !(name in NOT_HERE));
  const blocked: string[] = [];
  const work = async (): Promise<void> => {
    for (let attack = queue.shift(); attack; attack = queue.shift()) {
      const contest = contestOf(attack);
      const cell = await compare(contest, 'none', prepared, parent);
      if (cell.kind === 'good') blocked.push(`${contest.name} ${cell.note}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  expect(blocked).toEqual([]);
});

test('there are thirty attacks and thirty pieces of daily work at least, a third of the attacks blind', async () => {
  const attacks = await loadAttacks();
  const blind = attacks.filter(({ isBlind }) => isBlind);
  expect(attacks.length).toBeGreaterThanOrEqual(30);
  expect(blind.length).toBeGreaterThanOrEqual(attacks.length / 3);
  expect((await loadDailyWork()).length).toBeGreaterThanOrEqual(30);
});
