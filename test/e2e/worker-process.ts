/**
 * A worker as a process of its own, so that a test can kill it; configured by its environment alone.
 * Rule: it is the product's worker and nothing else.
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
