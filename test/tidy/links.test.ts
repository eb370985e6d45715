/** What the documentation points to is there: files, headings, and paths of the project. */
import { expect, test } from 'vitest';
import { dirname, join } from 'node:path';
import { listPaths, readFiles } from './source-files.ts';

// What an older version's notes named may have moved since.
const pages = readFiles(/^(?!demo\/|test\/).*\.md$/).filter(({ path }) => path !== 'CHANGELOG.md');
const paths = new Set(listPaths());
const texts = new Map(pages.map(({ path, text }) => [path, text]));

/** What a bench writes need not be there before it ran. */
const isWritten = (path: string): boolean => path.startsWith('bench/results/');

const isThere = (path: string): boolean => paths.has(path) || [...paths].some((one) => one.startsWith(`${path}/`));

/** The anchors that GitHub makes of a page's headings. */
function anchorsOf(text: string): string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

test('every link leads to a file of the project, and to a heading that it has', () => {
  const broken = pages.flatMap(({ path, text }) =>
    [...text.matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)/g)].flatMap(([link, file = '', anchor]) => {
      const target = file === '' ? path : join(dirname(path), file);
      if (!isThere(target)) return [`${path}: ${link} leads to no file`];
      const isHeading = anchor === undefined || anchorsOf(texts.get(target) ?? '').includes(anchor);
      return isHeading ? [] : [`${path}: ${target} has no heading for ${link}`];
    }),
  );
  expect(broken).toEqual([]);
});

test('every path of the project that a page names is there', () => {
  const broken = pages.flatMap(({ path, text }) =>
    [...text.matchAll(/`((?:src|test|scripts|bench|bin|docs)\/[\w./-]*\w)\/?`/g)].flatMap(([, named = '']) =>
      isThere(named) || isWritten(named) ? [] : [`${path}: ${named} does not exist`],
    ),
  );
  expect(broken).toEqual([]);
});
