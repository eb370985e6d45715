/**
 * Starts a worker of a test's crew in a separate process, so that the test can kill it.
 * Rule: it is ready when this returns, and never outlives its test.
 */
import type { ChildProcess } from 'node:child_process';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { inject, onTestFinished } from 'vitest';
import type { Crew } from '../workflows/harness.ts';

/** `env` adds to the environment in which a worker finds the crew's server, state and model. */
export async function startWorkerProcess(
  crew: Crew,
  { env = {}, execArgv = [] }: { env?: Record<string, string>; execArgv?: string[] } = {},
): Promise<ChildProcess> {
  const child = fork(fileURLToPath(new URL('./worker-process.ts', import.meta.url)), {
    ...(execArgv.length > 0 ? { execArgv } : {}),
    env: {
      ...process.env,
      TEMPORAL_ADDRESS: inject('temporalAddress'),
      COXSWAIN_STATE: crew.stateDir,
      COXSWAIN_TASK_QUEUE: crew.taskQueue,
      OPENAI_BASE_URL: crew.model.url,
      COXSWAIN_MODEL: 'scripted',
      ...env,
    },
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child, 'message');
  return child;
}
