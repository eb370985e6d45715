/** The package, its lockfile and the changelog name one version. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ROOT } from './source-files.ts';

interface Lockfile {
  version: string;
  packages: Record<string, { version: string }>;
}

test('package.json, package-lock.json and the first heading of CHANGELOG.md name one version', () => {
  const read = (path: string): string => readFileSync(ROOT + path, 'utf8');
  const { version } = JSON.parse(read('package.json')) as { version: string };
  const lock = JSON.parse(read('package-lock.json')) as Lockfile;
  const heading = /^## (\S+)/m.exec(read('CHANGELOG.md'))?.[1];
  expect({ lock: lock.version, locked: lock.packages['']?.version, heading }).toEqual({
    lock: version,
    locked: version,
    heading: version,
  });
});
