/**
 * The repositories that runs of the control bench work on: a real package's sources with the usual files of a project.
 * Rule: sources come from the installed packages and are never copied into this repository.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { makeFurniture } from './furniture.ts';
import type { BaseName } from './trajectory.ts';

const MODULES = new URL('../../node_modules/', import.meta.url).pathname;
const FOLDERS: Record<BaseName, string> = {
  picomatch: 'picomatch',
  commander: 'commander',
  ipaddr: 'ipaddr.js',
  execa: 'execa',
};

/** All files of a base, by path. */
export function loadBase(name: BaseName): Map<string, string> {
  const folder = join(MODULES, FOLDERS[name]);
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => [path.slice(folder.length + 1), readFileSync(path, 'utf8')] as const)
    .filter(([path]) => !path.startsWith('node_modules/'));
  const own = new Map(files);
  return new Map([...own, ...makeFurniture(name, own.get('package.json') ?? '{}')]);
}
