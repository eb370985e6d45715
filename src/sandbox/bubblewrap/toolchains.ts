/**
 * Folders of tools outside of /usr that the configuration lets commands see: a Node of nvm, a Python of pyenv, a JDK.
 * Rule: read-only and at their own paths. A folder that holds, or lies in, something that commands must not see is
 * refused.
 */
import { existsSync, realpathSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join, normalize, sep } from 'node:path';
import { SandboxError } from '../sandbox-error.ts';

/** A folder, and its part that goes on the PATH. */
export interface Toolchain {
  path: string;
  bin: string;
}

/** `OWN`: folders that the sandbox makes itself. `WHOLE`: folders with more than tools; folders in them are allowed. */
const OWN = ['/workspace', '/home/coxswain', '/opt/coxswain', '/proc', '/sys', '/dev', '/run', '/etc', '/boot'];
const WHOLE = ['/', '/home', '/root', '/opt', '/var', '/srv', '/mnt', '/media', '/tmp', '/var/lib', '/var/tmp'];
/** Names under which people and programs keep keys and passwords. */
const SECRETS = new Set(
  [
    '.ssh .gnupg .aws .azure .gcloud gcloud .kube .docker .netrc .git-credentials .npmrc .pypirc .pgpass .vault-token',
    '.env credentials credentials.toml credentials.json .password-store .mozilla .config',
  ].flatMap((line) => line.split(' ')),
);

/** Checks a configured folder, which must not hold or lie in `stateDir`. Throws with the reason. */
export function readToolchain(path: string, stateDir: string): Toolchain {
  const problem = findProblem(path, stateDir);
  if (problem !== undefined) {
    const message = `the toolchain ${path} ${problem}: name the folder of one version of one tool`;
    throw new SandboxError('isolation', message, { path });
  }
  return { path, bin: existsSync(join(path, 'bin')) ? join(path, 'bin') : path };
}

function findProblem(path: string, stateDir: string): string | undefined {
  if (!isAbsolute(path) || normalize(path) !== path || (path.endsWith(sep) && path !== sep)) {
    return 'is not an absolute path without detours';
  }
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) return 'is not a folder';
  const real = realpathSync(path);
  const home = realpathSync(homedir());
  for (const place of new Set([path, real])) {
    if (WHOLE.includes(place)) return 'holds more than tools';
    if (OWN.some((own) => contains(own, place) || contains(place, own))) return 'overlaps a folder of the sandbox';
    if (contains(place, home)) return `is or holds the home folder ${home}`;
    if (contains(place, realpathSync(stateDir)) || contains(realpathSync(stateDir), place)) {
      return 'holds or is in the state folder';
    }
    const secret = place.split(sep).find((name) => SECRETS.has(name));
    if (secret !== undefined) return `is in ${secret}, where secrets are kept`;
  }
  const held = [...SECRETS].find((name) => existsSync(join(real, name)));
  if (held !== undefined) return `holds ${held}, where secrets are kept`;
  const others = statSync(real).mode & 0o005;
  return others === 0o005 ? undefined : 'may be read only by its owner, and commands run as another user';
}

function contains(folder: string, path: string): boolean {
  return folder === path || folder === sep || path.startsWith(`${folder}${sep}`);
}

/** The arguments that mount toolchains, except those in /usr, which is mounted already. */
export function toolchainArguments(toolchains: readonly Toolchain[]): string[] {
  return toolchains
    .filter(({ path }) => !contains('/usr', path))
    .flatMap(({ path }) => [...parentsOf(path).flatMap(openFolder), '--ro-bind', path, path]);
}

function parentsOf(path: string): string[] {
  const parent = dirname(path);
  return parent === sep ? [] : [...parentsOf(parent), parent];
}

const openFolder = (path: string): string[] => ['--perms', '0755', '--dir', path];
