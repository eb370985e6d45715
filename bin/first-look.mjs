/**
 * What a fresh clone lacks before anything of it can run: Node, its packages, git, pip and the programs of the stack.
 * Rule: plain JavaScript that any Node from 18 runs, with nothing to install first; it changes nothing.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describeMissingNode, findNode, NEEDED_NODE } from './launch.mjs';

/** `git merge-tree --write-tree` came with it. */
const MIN_GIT = [2, 38];
/** A Python on a busy machine takes its time. */
const TIMEOUT_MS = 60_000;

/** The packages that can't be found from `root`. */
export function findMissingPackages(root) {
  const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const require = createRequire(join(root, 'package.json'));
  return Object.keys(dependencies ?? {}).filter(
    (name) => !(require.resolve.paths(name) ?? []).some((folder) => existsSync(join(folder, name, 'package.json'))),
  );
}

/** What brings the packages, and Node 24 with them. */
export function describeInstall(root) {
  const isClone = existsSync(join(root, 'scripts', 'bootstrap.mjs'));
  return isClone
    ? `in ${root}, run "npm ci" ("npm start" and "npm test" do it by themselves)`
    : 'install Coxswain again';
}

/** Looks at everything and prints a line for each, as `cox doctor` does. */
export function lookFirst(root) {
  const packages = findMissingPackages(root);
  const looks = [
    ['node', lookAtNode(root, packages.length > 0)],
    [
      'packages',
      packages.length === 0
        ? { ok: true, text: 'installed' }
        : { ok: false, text: `${packages.length} are not installed (${packages[0]}, …): ${describeInstall(root)}` },
    ],
    ['git', lookAtGit()],
    ['temporal', lookAtProgram('temporal', ['--version'], 'the embedded server')],
    ['isolation', lookAtProgram('bwrap', ['--version'], 'the sandbox')],
  ];
  for (const [name, { ok, text }] of looks) console.log(`${ok ? 'ok     ' : 'MISSING'} ${name.padEnd(10)} ${text}`);
  console.log(
    'Once Node and the packages are there, "cox doctor" looks at the rest: runs, model, state, seal, policy.',
  );
}

function lookAtNode(root, comesWithPackages) {
  const node = findNode(root);
  if (node) return { ok: true, text: node };
  if (comesWithPackages)
    return { ok: true, text: `this is ${process.versions.node}: Node ${NEEDED_NODE} comes with the packages` };
  return { ok: false, text: describeMissingNode().replaceAll('\n', ' ') };
}

function lookAtGit() {
  const said = tryProgram('git', ['--version']);
  if (said === undefined) return { ok: false, text: 'git does not run: install it' };
  const [major = 0, minor = 0] = (/(\d+)\.(\d+)/.exec(said)?.slice(1) ?? []).map(Number);
  const ok = major > MIN_GIT[0] || (major === MIN_GIT[0] && minor >= MIN_GIT[1]);
  return { ok, text: ok ? said : `${said}: ${MIN_GIT.join('.')} or later is needed` };
}

/** A program that is fetched by pip where it is missing. */
function lookAtProgram(name, args, use) {
  const said = tryProgram(name, args);
  if (said !== undefined) return { ok: true, text: said };
  const pip = tryProgram('python3', ['-m', 'pip', '--version']);
  return pip === undefined
    ? {
        ok: false,
        text: `${name}, for ${use}, is not on the PATH, and neither is pip, which would bring it: install one`,
      }
    : { ok: true, text: `${name}, for ${use}, is not on the PATH: it is fetched with pip when it is needed` };
}

/** The first line that a program says of itself; undefined where it does not run. */
function tryProgram(name, args) {
  const end = spawnSync(name, args, { encoding: 'utf8', timeout: TIMEOUT_MS, stdio: ['ignore', 'pipe', 'ignore'] });
  return end.status === 0 ? end.stdout.split('\n')[0] : undefined;
}
