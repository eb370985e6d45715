/**
 * Runs a script with Node 24, whatever Node (18 or later) the machine has; shared by `cox` and the npm scripts.
 * Rule: the child is the program, so its streams, signals and exit code are the launcher's, and neither outlives the
 * other.
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';

/** The first that runs the TypeScript sources as they are. */
export const NEEDED_NODE = 24;

/**
 * The Node to use: the running one when it will do, else the one packaged with `root`; undefined when there is none.
 */
export function findNode(root) {
  if (Number(process.versions.node.split('.')[0]) >= NEEDED_NODE) return process.execPath;
  const require = createRequire(join(root, 'package.json'));
  try {
    const manifest = require.resolve(`node-${process.platform}-${process.arch}/package.json`);
    const node = join(dirname(manifest), 'bin', 'node');
    return existsSync(node) ? node : undefined;
  } catch {
    return undefined;
  }
}

/** What to tell a person when `findNode` found none. */
export function describeMissingNode() {
  return [
    `Coxswain needs Node ${NEEDED_NODE}; this is ${process.versions.node}, and the package node-${process.platform}-${process.arch} that`,
    'would bring it is not installed. Either install with optional dependencies (npm install --include=optional),',
    `or run it with a Node of your own from ${NEEDED_NODE} up.`,
  ].join('\n');
}

/** Runs `node` with `args` in the foreground and ends this process as the child ended. */
export function run(node, args) {
  const first = ['compile-cache.mjs', 'end-with-launcher.mjs'];
  const imports = first.flatMap((name) => ['--import', new URL(name, import.meta.url).href]);
  const child = spawn(node, [...imports, ...args], {
    stdio: 'inherit',
    env: { ...process.env, COXSWAIN_LAUNCHER_PID: String(process.pid) },
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      // A terminal's Ctrl-C reaches the child too: sent twice it would count as "quit at once".
      if (signal === 'SIGTERM' || !isInForeground()) child.kill(signal);
    });
  }
  child.on('error', (error) => {
    console.error(`${node} could not be started: ${error.message}\n${describeMissingNode()}`);
    process.exit(127);
  });
  child.on('exit', (code, signal) => {
    // What a shell would report of it.
    process.exit(signal ? 128 + constants.signals[signal] : code);
  });
}

/** Whether a terminal sends its signals to this process's group, and so to the child. */
function isInForeground() {
  try {
    const fields = readFileSync('/proc/self/stat', 'utf8').split(') ').pop().split(' ');
    const [, , group, , terminal, foreground] = fields;
    return terminal !== '0' && group === foreground;
  } catch {
    // Not Linux: a terminal at any stream is the best sign.
    return [process.stdin, process.stdout, process.stderr].some((stream) => stream.isTTY);
  }
}
