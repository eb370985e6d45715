/**
 * Bundles the workflows into the one file that the packaged worker loads; the bundler is also a test of determinism.
 * Usage: bundle-workflows.mjs [file]; without a file it only tries.
 * Rule: the payload converter is part of the bundle, or a mistyped signal could wedge a run.
 */
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode } from '@temporalio/worker';

const source = (path) => fileURLToPath(new URL(`../src/workflows/${path}`, import.meta.url));
const silent = () => undefined;

const { code } = await bundleWorkflowCode({
  workflowsPath: source('index.ts'),
  payloadConverterPath: source('payload-converter.ts'),
  logger: { log: silent, trace: silent, debug: silent, info: silent, warn: console.warn, error: console.error },
});
const [file] = process.argv.slice(2);
if (file) await writeFile(file, code);
console.log(`workflow bundle: ${Math.round(code.length / 1024)} KiB`);
