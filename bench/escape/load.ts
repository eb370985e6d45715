/**
 * Finds all attacks and all daily work: every array that a file of `attacks/` and `benign/` exports.
 * Rule: files named `blind…` were written by an author who had not read the guards, and are counted separately.
 */
import { readdirSync } from 'node:fs';
import type { Attack } from './attack.ts';
import type { DailyWork } from './daily-work.ts';

/** Two blind attacks on the reader of output; a runner that shows no output itself can't fail them. */
const SHOWN_BY_CALLERS = ['line-written-over', 'instructions-nobody-can-see'];
const SHOWS_NOTHING = 'hands its output to its caller';

/** All attacks, in the order of their files; `isBlind` marks those of an author who had not read the guards. */
export async function loadAttacks(): Promise<(Attack & { isBlind: boolean })[]> {
  const found = await loadArrays<Attack>('attacks');
  return found.map(({ item, file }) => {
    const attack = { ...item, isBlind: file.startsWith('blind') };
    if (!SHOWN_BY_CALLERS.includes(item.name)) return attack;
    const peers = ['codex', 'codex-strict', 'sandbox-runtime', 'sandbox-runtime-strict'];
    return { ...attack, notFor: Object.fromEntries(peers.map((peer) => [peer, SHOWS_NOTHING])) };
  });
}

/** All daily work, in the order of its files. */
export async function loadDailyWork(): Promise<DailyWork[]> {
  return (await loadArrays<DailyWork>('benign')).map(({ item }) => item);
}

async function loadArrays<T extends { name: string }>(folder: string): Promise<{ item: T; file: string }[]> {
  const found: { item: T; file: string }[] = [];
  const place = new URL(`./${folder}/`, import.meta.url);
  for (const file of readdirSync(place).toSorted()) {
    if (!file.endsWith('.ts')) continue;
    const exported = (await import(new URL(file, place).href)) as Record<string, unknown>;
    for (const value of Object.values(exported)) {
      if (Array.isArray(value)) for (const item of value as T[]) found.push({ item, file });
    }
  }
  const names = found.map(({ item }) => item.name);
  const twice = names.filter((name, index) => names.indexOf(name) !== index);
  if (twice.length > 0) throw new Error(`two have the same name in ${folder}: ${twice.join(', ')}`);
  return found;
}
