/** A survey becomes few tasks that are not too large and contain every file once. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Group } from '../../../src/offline/model/group-matches.ts';
import { bundleGroups, findTooBig, parentOf, taskSize } from '../../../src/offline/model/group-matches.ts';
import { findRoots } from '../../../src/offline/model/work-replacement.ts';

function survey(groups: Group[]): { groups: Group[]; files: number; matches: number; languages: [] } {
  return { groups, files: groups.reduce((sum, { files }) => sum + files, 0), matches: 0, languages: [] };
}

const folder = (path: string, files: number): Group => ({ kind: 'folder', path, files, matches: files });
const file = (path: string): Group => ({ kind: 'file', path, files: 1, matches: 1 });

test('a small repository has a task for each folder and one for the files of the root', () => {
  const bundles = bundleGroups(survey([folder('test/', 17), file('index.js'), folder('lib/', 3), file('cli.js')]));
  expect(bundles.map(({ groups }) => groups.map(({ path }) => path))).toEqual([
    ['cli.js', 'index.js'],
    ['lib/'],
    ['test/'],
  ]);
});

test('many tiny folders become four tasks', () => {
  const bundles = bundleGroups(survey(Array.from({ length: 30 }, (_, at) => folder(`p${at}/`, 1))));
  expect(bundles).toHaveLength(4);
});

test('three thousand files become some twenty tasks', () => {
  const bundles = bundleGroups(survey(Array.from({ length: 600 }, (_, at) => folder(`tests/t${at}/`, 5))));
  expect(bundles.length).toBeGreaterThanOrEqual(20);
  expect(bundles.length).toBeLessThanOrEqual(24);
  expect(bundles.map(parentOf)).toEqual(bundles.map(() => 'tests/'));
});

test('for any survey, each group is in exactly one task, and tasks are neither too large nor too many', () => {
  const name = fc.stringMatching(/^[a-c]{1,2}$/);
  const group = fc.oneof(
    fc
      .record({ path: fc.array(name, { minLength: 1, maxLength: 3 }), files: fc.integer({ min: 1, max: 400 }) })
      .map(({ path, files }) => folder(`${path.join('/')}/`, files)),
    fc.array(name, { minLength: 1, maxLength: 3 }).map((path) => file(`${path.join('/')}.js`)),
  );
  fc.assert(
    fc.property(fc.uniqueArray(group, { selector: ({ path }) => path, minLength: 1, maxLength: 300 }), (groups) => {
      const all = survey(groups);
      const bundles = bundleGroups(all);
      expect(bundles.flatMap(({ groups: own }) => own.map(({ path }) => path)).toSorted()).toEqual(
        groups.map(({ path }) => path).toSorted(),
      );
      const tooBig = new Set(findTooBig(all).map(({ path }) => path));
      const heavy = bundles.filter(
        ({ files, groups: own }) => files > taskSize(all.files) && !own.some(({ path }) => tooBig.has(path)),
      );
      expect(heavy).toEqual([]);
      expect(bundles.length).toBeLessThanOrEqual(190);
    }),
  );
});

test.each([
  [['**'], { paths: ['.'], exact: true }],
  [['src/**', 'a.js', './b/'], { paths: ['src', 'a.js', 'b'], exact: true }],
  [['src/**', 'src/deep/x.js', 'src-two/**/*'], { paths: ['src', 'src-two'], exact: true }],
  [['src/*.js'], { paths: ['src'], exact: false }],
  [['app/[id]', '*.md'], { paths: ['.'], exact: false }],
])('the places to look for %j are few and do not overlap', (globs, roots) => {
  expect(findRoots(globs)).toEqual(roots);
});
