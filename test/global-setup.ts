/**
 * Once for a test run: finds Temporal's program and starts the one server, in memory, that the tests share.
 * Rule: tests use workflow ids and task queues of their own; whoever kills a server starts one for that.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { bundleWorkflows } from '../src/stack/bundle-workflows.ts';
import { findTemporal } from '../src/stack/find-temporal.ts';
import { startTemporalServer } from '../src/stack/start-temporal-server.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Host and port of the shared development server, search attributes registered. */
    temporalAddress: string;
    /** The `temporal` program, for tests that start a server of their own or type commands. */
    temporalPath: string;
  }
}

/** Vitest calls this before the first test file; what it returns runs after the last. */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const { PATH: searchPath = '', XDG_CACHE_HOME: cacheHome } = process.env;
  const cacheDir = join(cacheHome || join(homedir(), '.cache'), 'coxswain');
  const temporal = await findTemporal({ cacheDir, searchPath, onProgress: (message) => console.log(message) });
  if (temporal.kind === 'missing') throw new Error(temporal.remedy);
  const folder = await mkdtemp(join(tmpdir(), 'coxswain-test-server-'));
  const [server] = await Promise.all([
    startTemporalServer({ temporalPath: temporal.path, logPath: join(folder, 'temporal.log') }),
    // Kept for all: the first test file would make it otherwise, and the second at the same time.
    bundleWorkflows(),
  ]);
  project.provide('temporalAddress', server.address);
  project.provide('temporalPath', temporal.path);
  return async () => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  };
}
