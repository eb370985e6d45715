/** The rooms of `src`: which imports which, as the table in docs/architecture.md says it, and no circle anywhere. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { importsOf, readFiles, ROOT } from './source-files.ts';

const MAX_FILES = 25;
const sources = readFiles(/^src\/.*\.ts$/);

/** What each room may import, by the table; a folder's own files are the room with a slash at its end. */
function readTable(): Map<string, string[]> {
  const text = readFileSync(`${ROOT}docs/architecture.md`, 'utf8');
  const rows = text.matchAll(/^\| `(?<room>[a-z]+\/[a-z]*)` \| [^|]+ \| (?<imports>[^|]*)\|$/gm);
  return new Map(
    [...rows].map(({ groups }) => [
      groups?.['room'] ?? '',
      [...(groups?.['imports'] ?? '').matchAll(/`([^`]+)`/g)].map(([, room = '']) => room),
    ]),
  );
}

/** The room of a file of a folder that has rooms: `core/agent`, or `core/` for what lies in the folder itself. */
function roomOf(path: string): string {
  const [, folder = '', ...rest] = path.split('/');
  return rest.length > 1 ? `${folder}/${rest[0]}` : `${folder}/`;
}

/** Every import of one file of ours by another, of types too. */
const edges = sources.flatMap(({ path, text }) =>
  importsOf(text).flatMap(({ specifier }) =>
    specifier.startsWith('.') ? [{ from: path, to: join(dirname(path), specifier) }] : [],
  ),
);

/** What reaches itself through such edges, as circles without their order. */
function findCircles(pairs: readonly { from: string; to: string }[]): string[] {
  const next = new Map<string, string[]>();
  for (const { from, to } of pairs) next.set(from, [...(next.get(from) ?? []), to]);
  const reach = (start: string): Set<string> => {
    const seen = new Set<string>();
    const queue = [...(next.get(start) ?? [])];
    for (let at = queue.pop(); at !== undefined; at = queue.pop()) {
      if (seen.has(at)) continue;
      seen.add(at);
      queue.push(...(next.get(at) ?? []));
    }
    return seen;
  };
  return [...next.keys()].filter((start) => reach(start).has(start));
}

const table = readTable();
const laidOut = new Set([...table.keys()].map((room) => room.split('/')[0]));

test('every room of a folder that has rooms stands in the table, and no other', () => {
  const rooms = sources.map(({ path }) => roomOf(path)).filter((room) => laidOut.has(room.split('/')[0] ?? ''));
  expect([...new Set(rooms)].toSorted()).toEqual([...table.keys()].toSorted());
});

test('a room imports those that the table names, and each of them', () => {
  const own = edges.flatMap(({ from, to }) => {
    const [one, other] = [roomOf(from), roomOf(to)];
    const isWithin = one.split('/')[0] === other.split('/')[0] && laidOut.has(one.split('/')[0] ?? '');
    return isWithin && one !== other ? [{ from, to, one, other }] : [];
  });
  const wrong = own.filter(({ one, other }) => table.get(one)?.includes(other) !== true);
  expect(wrong.map(({ from, to }) => `${from} imports ${to}`)).toEqual([]);
  const used = new Set(own.map(({ one, other }) => `${one} → ${other}`));
  const named = [...table].flatMap(([room, imports]) => imports.map((other) => `${room} → ${other}`));
  expect(named.filter((edge) => !used.has(edge))).toEqual([]);
});

test('neither files nor rooms make a circle, type imports counted', () => {
  expect(findCircles(edges)).toEqual([]);
  expect(findCircles([...table].flatMap(([from, rooms]) => rooms.map((to) => ({ from, to }))))).toEqual([]);
});

test('a circle would be found', () => {
  const pairs = [
    { from: 'a', to: 'b' },
    { from: 'b', to: 'c' },
    { from: 'c', to: 'b' },
  ];
  expect(findCircles(pairs)).toEqual(['b', 'c']);
});

test(`no folder of src has more than ${MAX_FILES} files`, () => {
  const counts = new Map<string, number>();
  for (const { path } of sources) counts.set(dirname(path), (counts.get(dirname(path)) ?? 0) + 1);
  expect([...counts].filter(([, count]) => count > MAX_FILES)).toEqual([]);
});
