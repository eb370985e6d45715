/**
 * The workers of the step bench in a process of their own: ours with a scripted model, or a bare one.
 * Rule: it says "ready" once it polls, and ends with its parent.
 */
import { fileURLToPath } from 'node:url';
import { NativeConnection, Worker } from '@temporalio/worker';
import { readConfig } from '../../src/config.ts';
import { quietRuntime, startWorker } from '../../src/worker.ts';

/** What the bench asks for. `bare`: no-op activities only. */
export interface WorkerRequest {
  kind: 'coxswain' | 'bare';
  address: string;
  taskQueue: string;
  stateDir: string;
  modelUrl: string;
}

process.on('disconnect', () => process.exit(0));
quietRuntime();
const { kind, address, taskQueue, stateDir, modelUrl } = JSON.parse(process.argv[2] ?? '') as WorkerRequest;
if (kind === 'bare') {
  const worker = await Worker.create({
    connection: await NativeConnection.connect({ address }),
    taskQueue,
    workflowsPath: fileURLToPath(new URL('bare-workflow.ts', import.meta.url)),
    activities: { first: async () => undefined, second: async () => undefined },
  });
  worker.run().catch((error: unknown) => {
    console.error(error);
    process.exit(1);
  });
} else {
  const env = { COXSWAIN_STATE: stateDir, COXSWAIN_TASK_QUEUE: taskQueue, COXSWAIN_MODEL: 'scripted' };
  await startWorker(readConfig({ ...env, OPENAI_BASE_URL: modelUrl }, stateDir), {
    address,
    namespace: 'default',
    model: { name: 'scripted', apiKey: 'none', baseUrl: modelUrl },
    defaultRoots: ['/'],
  });
}
process.send?.('ready');
