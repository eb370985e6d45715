#!/usr/bin/env node
/**
 * The command `cox`: runs the packaged JavaScript, or a checkout's sources, with Node 24.
 * Rule: plain JavaScript that any Node from 18 runs, with nothing to install first.
 */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeInstall, findMissingPackages, lookFirst } from './first-look.mjs';
import { describeMissingNode, findNode, run } from './launch.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const args = process.argv.slice(2);
// Sources first: in a checkout dist may be old, and a package ships none.
const program = [join(root, 'src', 'cli.ts'), join(root, 'dist', 'cli.js')].find((file) => existsSync(file));
const node = findNode(root);
const missing = findMissingPackages(root);
if (program !== undefined && node !== undefined && missing.length === 0) {
  run(node, [program, ...args]);
} else {
  process.exitCode = 1;
  if (program === undefined) console.error(`Neither src/cli.ts nor dist/cli.js is in ${root}: install Coxswain again.`);
  else if (args[0] === 'doctor') lookFirst(root);
  else {
    if (missing.length > 0) console.error(`Coxswain's packages are not installed: ${describeInstall(root)}.`);
    else console.error(describeMissingNode());
    console.error('"cox doctor" says all that is missing.');
  }
}
