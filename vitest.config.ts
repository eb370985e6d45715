/**
 * How the tests run: areas that need no Temporal by themselves, all others with one shared development server.
 * Rule: three files at a time, since they wait more than they work, with generous limits, since the tests start real
 * servers and commands on two cores. The long tests are the whole sweeps, and what has no sample.
 */
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const filesOf = (areas: readonly string[]): string[] => areas.map((area) => `test/${area}/**/*.test.ts`);

/** Areas that never talk to Temporal and hardly start a program: their files share a worker and its modules. */
const PURE = filesOf(['budget', 'core', 'model', 'policy', 'replay', 'seal', 'tidy']);
/** Areas that never talk to Temporal, but start many programs, which takes long from a worker that has grown. */
const PLAIN = filesOf(['activities', 'bench', 'cli', 'git', 'offline', 'package', 'programs', 'sandbox', 'signing']);

const IS_LONG = process.env['COXSWAIN_LONG_TESTS'] === '1';
const LONG = 'test/**/*.long.test.ts';
/** The files that `npm run test:long` leaves out, since they do the same there: those that sweep nothing. */
const OTHERS = IS_LONG
  ? globSync('test/**/*.test.ts', { cwd: import.meta.dirname }).filter(
      (path) => !path.endsWith('.long.test.ts') && !/from '.*\/sweep\.ts'/.test(readFileSync(path, 'utf8')),
    )
  : [LONG];

export default defineConfig({
  test: {
    pool: 'forks',
    // The whole sweeps work more than they wait.
    maxWorkers: IS_LONG ? 2 : 3,
    testTimeout: 300_000,
    hookTimeout: 300_000,
    teardownTimeout: 30_000,
    // What a test waits for comes late on a busy machine; one second would be a bet on speed.
    expect: { poll: { timeout: 60_000 } },
    // Workers of one test are one team, also those that are processes of their own.
    env: { COXSWAIN_SEAL: fileURLToPath(new URL('./test/seal/test-key.json', import.meta.url)) },
    projects: [
      // Loading the modules takes longer than most of these tests.
      { extends: true, test: { name: 'pure', include: PURE, exclude: OTHERS, isolate: false } },
      { extends: true, test: { name: 'plain', include: PLAIN, exclude: OTHERS } },
      {
        extends: true,
        test: {
          name: 'temporal',
          include: ['test/**/*.test.ts'],
          exclude: [...PURE, ...PLAIN, ...OTHERS],
          globalSetup: ['test/global-setup.ts'],
        },
      },
    ],
  },
});
