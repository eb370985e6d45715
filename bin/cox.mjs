#!/usr/bin/env node
/**
 * The command `cox`: runs the packaged JavaScript, or a checkout's sources, with Node 24.
 * Rule: plain JavaScript that any Node from 18 runs, with nothing to install first.
 */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeMissingNode, findNode, run } from './launch.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
// Sources first: in a checkout dist may be old, and a package ships none.
const program = [join(root, 'src', 'cli.ts'), join(root, 'dist', 'cli.js')].find((file) => existsSync(file));
const node = findNode(root);
if (program === undefined) {
  console.error(`Neither src/cli.ts nor dist/cli.js is in ${root}: install Coxswain again.`);
  process.exitCode = 1;
} else if (node === undefined) {
  console.error(describeMissingNode());
  process.exitCode = 1;
} else {
  run(node, [program, ...process.argv.slice(2)]);
}
