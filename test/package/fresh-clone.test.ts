/** What a fresh clone says and takes before anything is installed: the lockfile whole, and all that is missing. */
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, onTestFinished, test } from 'vitest';
import { ROOT } from '../tidy/source-files.ts';

interface Locked {
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
}

test('the lockfile names every package that its packages name, also those for other platforms', async () => {
  // The npm of Node 20 refuses `npm ci` where a registry has one that the lockfile does not name.
  const { packages } = JSON.parse(await readFile(join(ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, Locked>;
  };
  const isLocked = (path: string, name: string): boolean => {
    for (let base = path; ; base = base.slice(0, Math.max(0, base.lastIndexOf('node_modules/') - 1))) {
      if (`${base === '' ? '' : `${base}/`}node_modules/${name}` in packages) return true;
      if (base === '') return false;
    }
  };
  const missing = Object.entries(packages).flatMap(([path, { dependencies, optionalDependencies }]) =>
    Object.keys({ ...dependencies, ...optionalDependencies })
      .filter((name) => !isLocked(path, name))
      .map((name) => `${name} of ${path}`),
  );
  expect(missing).toEqual([]);
});

test('`cox doctor` of a clone where nothing is installed says all that is missing, each with what to do', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'coxswain-clone-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  for (const path of ['bin', 'src/cli.ts', 'scripts/bootstrap.mjs', 'package.json'])
    await cp(join(ROOT, path), join(folder, path), { recursive: true });
  const cox = async (env: Record<string, string>, ...args: string[]): Promise<{ all: string; exitCode?: number }> =>
    await execa(process.execPath, [join(folder, 'bin/cox.mjs'), ...args], { env, all: true, reject: false });
  const { all, exitCode } = await cox({}, 'doctor');
  expect(exitCode).toBe(1);
  expect(all).toMatch(/^MISSING packages {3}\d+ are not installed \(.*: in .*, run "npm ci"/m);
  expect(all).toMatch(/^ok {6}node/m);
  expect(all).toMatch(/^ok {6}git {8}git version/m);
  expect(all).toMatch(/^ok {6}temporal/m);
  expect(all).toContain('"cox doctor" looks at the rest');
  const bare = (await cox({ PATH: folder }, 'doctor')).all;
  expect(bare).toMatch(/^MISSING git {8}git does not run: install it/m);
  expect(bare).toMatch(
    /^MISSING temporal {3}temporal, for the embedded server, is not on the PATH, and neither is pip/m,
  );
  expect(bare).toMatch(/^MISSING isolation {2}bwrap/m);
  const other = await cox({}, 'status', 'x');
  expect(other.exitCode).toBe(1);
  expect(other.all).toMatch(
    /packages are not installed: in .*, run "npm ci".*\n"cox doctor" says all that is missing\.$/,
  );
});
