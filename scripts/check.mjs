/**
 * The inner loop: format, lint, types, dead code, workflow bundle, core and replay tests, at the same time.
 * Rule: every step runs and is reported. If one fails, the whole fails. No file is changed and no step is skipped.
 */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { programOf, ROOT, runNode } from './run-node.mjs';

/** The longest steps first, so that short ones fill the gaps. */
const STEPS = [
  ['core and replay tests', programOf('vitest'), 'run', '--project', 'plain', 'test/core', 'test/replay', 'test/tidy'],
  ['workflow bundle', join(ROOT, 'scripts', 'bundle-workflows.mjs')],
  ['dead code', programOf('knip')],
  ['lint', programOf('oxlint'), '--type-aware', '--deny-warnings'],
  ['types', programOf('tsc'), '-p', '.'],
  ['format', programOf('biome'), 'format', '.'],
];

const startedAt = performance.now();
const queue = [...STEPS];
const failed = [];
// Some steps mostly wait for another program, so run one step more than there are cores.
await Promise.all(Array.from({ length: availableParallelism() + 1 }, work));
const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
console.log(failed.length === 0 ? `all green in ${seconds} s` : `failed: ${failed.join(', ')} (${seconds} s)`);
process.exitCode = failed.length === 0 ? 0 : 1;

async function work() {
  for (let step = queue.shift(); step; step = queue.shift()) {
    const [name, script, ...args] = step;
    const result = await runNode(script, args);
    const isGreen = result.exitCode === 0;
    if (!isGreen) failed.push(name);
    console.log(`${isGreen ? '✓' : '✗'} ${name} (${result.seconds.toFixed(1)} s)`);
    if (!isGreen) console.log(result.output.trimEnd());
  }
}
