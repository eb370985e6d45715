/** Every promise in docs/guarantees.md and docs/security.md stands beside a test that exists, by its file and its name. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readFiles, ROOT } from './source-files.ts';

const PAGES = ['docs/guarantees.md', 'docs/security.md'];

/** A row names its test as `test/area/file.test.ts`, followed by the test's name in quotes or italics or nothing. */
function readRows(text: string): { row: string; files: string[]; names: string[] }[] {
  const tables = text.split(/\n\s*\n/).filter((block) => /^\|.*\| shown by \|$/m.test(block));
  return tables
    .flatMap((table) =>
      table
        .split('\n')
        .filter((line) => /^\|(?!\s*:?-)/.test(line))
        .slice(1),
    )
    .map((row) => ({
      row,
      files: [...row.matchAll(/test\/[\w./-]+\.test\.ts/g)].map(([file]) => file),
      names: [...row.matchAll(/[“"]([^”"]{5,})[”"]/g)].map(([, name = '']) => name),
    }));
}

test.each(PAGES)('every row of %s names a test file that exists, and its quoted tests are in it', (page) => {
  const tests = new Map(readFiles(/^test\/.*\.test\.ts$/).map(({ path, text }) => [path, text]));
  const rows = readRows(readFileSync(ROOT + page, 'utf8'));
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
