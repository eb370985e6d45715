/**
 * Bundles the workflows into the one file that the packaged worker loads. The bundler also refuses code that is not
 * deterministic.
 * Usage: bundle-workflows.mjs [file]; without a file it makes the cached bundle, if the sources changed.
 * Rule: the payload converter is part of the bundle; without it, a mistyped signal could make a run hang. Core is
 * loaded once for all workflows of a worker (preload-core.mjs).
 */
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode } from '@temporalio/worker';

const [file] = process.argv.slice(2);
if (file) await bundle(file);
else {
  const { bundleWorkflows } = await import('../src/stack/bundle-workflows.ts');
  console.log(`workflow bundle: ${(await bundleWorkflows()).codePath}`);
}

async function bundle(path) {
  const source = (name) => fileURLToPath(new URL(`../src/workflows/${name}`, import.meta.url));
  const silent = () => undefined;
  const { code } = await bundleWorkflowCode({
    workflowsPath: source('index.ts'),
    payloadConverterPath: source('payload-converter.ts'),
    preloadModules: [fileURLToPath(new URL('preload-core.mjs', import.meta.url))],
    logger: { log: silent, trace: silent, debug: silent, info: silent, warn: console.warn, error: console.error },
  });
  await writeFile(path, code);
  console.log(`workflow bundle: ${Math.round(code.length / 1024)} KiB`);
}
