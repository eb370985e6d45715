/**
 * The inner loop: format, lint, types, dead code, workflow bundle, core and replay tests, at the same time.
 * Rule: every step runs and is reported. If one fails, the whole fails. No file is changed and no step is skipped.
 */
import { join } from 'node:path';
import { programOf, ROOT, runNode } from './run-node.mjs';

const TESTED = ['test/core', 'test/replay', 'test/tidy'];
/** The lanes run at the same time, the steps of a lane in order: the replay tests need the bundle. */
const LANES = [
  [
    ['workflow bundle', join(ROOT, 'scripts', 'bundle-workflows.mjs')],
    ['core and replay tests', programOf('vitest'), 'run', '--project', 'pure', ...TESTED],
  ],
  [
    ['lint', programOf('oxlint'), '--type-aware', '--deny-warnings'],
    ['format', programOf('biome'), 'format', '.'],
  ],
  [
    ['types', programOf('tsc'), '-p', '.'],
    ['dead code', programOf('knip')],
  ],
];

const startedAt = performance.now();
const failed = [];
await Promise.all(LANES.map(run));
const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
console.log(failed.length === 0 ? `all green in ${seconds} s` : `failed: ${failed.join(', ')} (${seconds} s)`);
process.exitCode = failed.length === 0 ? 0 : 1;

async function run(lane) {
  for (const [name, script, ...args] of lane) {
    const result = await runNode(script, args);
    const isGreen = result.exitCode === 0;
    if (!isGreen) failed.push(name);
    console.log(`${isGreen ? '✓' : '✗'} ${name} (${result.seconds.toFixed(1)} s)`);
    if (!isGreen) console.log(result.output.trimEnd());
  }
}
