/** Every promise in docs/guarantees.md stands beside a test that exists, by its file and its name. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readFiles, ROOT } from './source-files.ts';

const GUARANTEES = 'docs/guarantees.md';

/** A row names its test as `test/area/file.test.ts`, followed by the test's name in quotes or italics or nothing. */
function readRows(text: string): { row: string; files: string[]; names: string[] }[] {
  return text
    .split('\n')
    .filter((line) => /^\|(?!\s*:?-)/.test(line))
    .slice(1)
    .map((row) => ({
      row,
      files: [...row.matchAll(/test\/[\w./-]+\.test\.ts/g)].map(([file]) => file),
      names: [...row.matchAll(/[“"]([^”"]{5,})[”"]/g)].map(([, name = '']) => name),
    }));
}

function readGuarantees(): string {
  try {
    return readFileSync(ROOT + GUARANTEES, 'utf8');
  } catch {
    throw new Error(`${GUARANTEES} is missing: it has a row for each promise, with the test file that shows it`);
  }
}

test('every row of docs/guarantees.md names a test file that exists, and its quoted tests are in it', () => {
  const tests = new Map(readFiles(/^test\/.*\.test\.ts$/).map(({ path, text }) => [path, text]));
  const rows = readRows(readGuarantees());
  expect(rows.length).toBeGreaterThan(0);
  const wrong = rows.flatMap(({ row, files, names }) => {
    const shown = row.slice(0, 100);
    if (files.length === 0) return [`no test file: ${shown}`];
    const missing = files.filter((file) => !tests.has(file)).map((file) => `${file} does not exist: ${shown}`);
    const texts = files.map((file) => (tests.get(file) ?? '').replaceAll(String.raw`\'`, "'"));
    const unknown = names.filter((name) => !texts.some((text) => text.includes(name)));
    return [...missing, ...unknown.map((name) => `no test "${name}" in ${files.join(', ')}`)];
  });
  expect(wrong).toEqual([]);
});
