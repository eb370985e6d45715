/**
 * A worker in a separate process, so that a test can kill it. Only its environment configures it.
 * Rule: it starts the product's worker and does nothing else.
 */
import { readConfig } from '../../src/config.ts';
import { quietRuntime, startWorker } from '../../src/worker.ts';

quietRuntime();
const config = readConfig();
const { temporal, model } = config;
if (!temporal || !model.remote) throw new Error('TEMPORAL_ADDRESS and OPENAI_BASE_URL are needed');
const { address, namespace } = temporal;
await startWorker(config, { address, namespace, model: model.remote, defaultRoots: ['/'] });
process.send?.('ready');
