/**
 * Builds what the package ships into dist/: the sources as JavaScript and the workflow bundle.
 * Rule: each build makes dist/ from scratch, and a failed build leaves no part of it.
 */
import { cp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { programOf, ROOT, runNode } from './run-node.mjs';

const dist = join(ROOT, 'dist');
const fresh = join(ROOT, '.dist-new');

try {
  await rm(fresh, { recursive: true, force: true });
  await step(programOf('tsc'), ['-p', 'tsconfig.build.json', '--outDir', fresh]);
  // Files that the sources read at run time are in the same folders.
  await cp(join(ROOT, 'src'), fresh, { recursive: true, filter: (path) => !path.endsWith('.ts') });
  await step(join(ROOT, 'scripts', 'bundle-workflows.mjs'), [join(fresh, 'workflow-bundle.js')]);
  await rm(dist, { recursive: true, force: true });
  await rename(fresh, dist);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  await rm(fresh, { recursive: true, force: true });
}

async function step(script, args) {
  const { exitCode, output } = await runNode(script, args);
  if (exitCode !== 0) throw new Error(`the build failed:\n${output.trimEnd()}`);
  // `npm pack --json` prints its result to standard output, so our output goes to standard error.
  if (output.trim()) console.error(output.trim());
}
