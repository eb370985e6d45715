/**
 * How the tests run: areas that need no Temporal by themselves, all others with one shared development server.
 * Rule: two files at a time, with generous limits, since the tests start real servers and commands on two cores.
 */
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** Areas that never talk to Temporal: they start faster, and run on a machine without it. */
const PLAIN = [
  'activities',
  'bench',
  'budget',
  'cli',
  'core',
  'git',
  'model',
  'offline',
  'package',
  'policy',
  'replay',
  'sandbox',
  'seal',
  'signing',
  'tidy',
].map((area) => `test/${area}/**/*.test.ts`);

export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    teardownTimeout: 30_000,
    // What a test waits for comes late on a busy machine; one second would be a bet on speed.
    expect: { poll: { timeout: 60_000 } },
    // Workers of one test are one team, also those that are processes of their own.
    env: { COXSWAIN_SEAL: fileURLToPath(new URL('./test/seal/test-key.json', import.meta.url)) },
    projects: [
      { extends: true, test: { name: 'plain', include: PLAIN } },
      {
        extends: true,
        test: {
          name: 'temporal',
          include: ['test/**/*.test.ts'],
          exclude: PLAIN,
          globalSetup: ['test/global-setup.ts'],
        },
      },
    ],
  },
});
