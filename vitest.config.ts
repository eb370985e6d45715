/**
 * How the tests run: areas that need no Temporal by themselves, all others with one shared development server.
 * Rule: four files at a time, since they wait more than they work, with generous limits, since the tests start real
 * servers and commands on two cores. The long tests are the whole sweeps, and what has no sample.
 */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import type { TestSpecification } from 'vitest/node';
import { BaseSequencer } from 'vitest/node';
import { keepFilesInMemory } from './test/temporary-files.ts';

keepFilesInMemory();

const filesOf = (areas: readonly string[]): string[] => areas.map((area) => `test/${area}/**/*.test.ts`);

/** Areas that never talk to Temporal and hardly start a program: their files share a worker and its modules. */
const PURE = filesOf(['budget', 'core', 'model', 'policy', 'replay', 'seal', 'tidy']);
/** Areas that never talk to Temporal, but start many programs, which takes long from a worker that has grown. */
const PLAIN = filesOf(['activities', 'bench', 'cli', 'git', 'offline', 'package', 'programs', 'sandbox', 'signing']);

/** The files that take longest, since they wait for time limits of a server: last, the whole run would wait for one. */
const LONGEST = [
  'e2e/reset',
  'e2e/chaos',
  'e2e/real-input',
  'client/unreplayable',
  'e2e/hosts',
  'e2e/kill',
  'e2e/operations',
  'workflows/history',
  'workflows/janitor',
  'e2e/janitor',
  'e2e/background',
  'sandbox/kill',
  'package/package',
  'workflows/signed-decisions',
  'bench/escape',
].map((name) => `test/${name}.test.ts`);
for (const path of LONGEST) if (!existsSync(path)) throw new Error(`vitest.config.ts: there is no ${path}`);

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const index = LONGEST.findIndex((name) => moduleId.endsWith(name));
      return index < 0 ? LONGEST.length : index;
    };
    return (await super.sort(files)).toSorted((a, b) => rank(a) - rank(b));
  }
}

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
    sequence: { sequencer: LongestFirst },
    // The whole sweeps work more than they wait.
    maxWorkers: IS_LONG ? 2 : 4,
    // Only a test that hangs takes as long; on a busy machine some take minutes.
    testTimeout: 600_000,
    hookTimeout: 600_000,
    teardownTimeout: 30_000,
    // What a test waits for comes late on a busy machine; one second would be a bet on speed.
    expect: { poll: { timeout: 240_000 } },
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
