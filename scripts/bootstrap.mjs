/**
 * Makes a fresh clone run: installs the packages of package-lock.json, then runs a file or a package's program with
 * Node 24.
 * Usage: node scripts/bootstrap.mjs <file or program> [arguments]
 * Rule: plain JavaScript without dependencies, for any Node from version 18.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeMissingNode, findNode, run } from '../bin/launch.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [target, ...args] = process.argv.slice(2);

try {
  if (!target) throw new Error('usage: node scripts/bootstrap.mjs <file or program> [arguments]');
  if (!isInstalled()) install();
  const node = findNode(root);
  if (!node) throw new Error(describeMissingNode());
  run(node, [resolveProgram(target), ...args]);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}

/** Whether all packages are installed: npm writes its list of installed packages as the last step. */
function isInstalled() {
  const stamp = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(stamp)) return false;
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  const present = JSON.parse(readFileSync(stamp, 'utf8')).packages;
  return Object.entries(wanted).every(([path, { version, integrity, optional }]) => {
    if (path === '') return true;
    const installed = present[path];
    // Packages for other platforms are not installed.
    if (!installed) return optional === true;
    return installed.version === version && installed.integrity === integrity && existsSync(join(root, path));
  });
}

function install() {
  console.error('Installing what package-lock.json names');
  const npm = process.env.npm_execpath;
  // Not `npm ci`: it refuses the lockfile where a registry lacks a package's builds for other platforms. The check
  // below makes sure that exactly the locked versions were installed. Warnings are hidden: they only ask for a newer
  // Node, which these packages get.
  const flags = ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'];
  const [file, ...prefix] = npm?.endsWith('.js') ? [process.execPath, npm] : ['npm'];
  const result = spawnSync(file, [...prefix, ...flags], { cwd: root, stdio: ['ignore', 2, 2] });
  if (result.error) throw new Error(`npm could not be started (${result.error.message}); it comes with Node.js`);
  if (result.status !== 0) {
    throw new Error(`npm install failed (${result.status ?? result.signal}); what it printed above says why`);
  }
  if (!isInstalled()) {
    throw new Error(
      'npm install installed other packages than package-lock.json names: remove node_modules and try again',
    );
  }
}

/** The path of a file of the project, or of a package's program with that name. */
function resolveProgram(name) {
  const file = resolve(root, name);
  if (existsSync(file)) return file;
  const program = join(root, 'node_modules', '.bin', name);
  if (existsSync(program)) return realpathSync(program);
  throw new Error(`${name} is neither a file of this project nor a program of its packages`);
}
