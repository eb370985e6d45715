/**
 * Plays a scripted run: every act really happens, in a throw-away folder, and its changes are read from the files.
 * Rule: rules and detectors get what the product would give them, texts before and after, and nothing of the script.
 */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import type { FileChange } from '../../src/core/effects/detect.ts';
import type { IgnoreFile } from '../../src/sandbox/files/gitignore.ts';
import { isIgnored, parseGitignore } from '../../src/sandbox/files/gitignore.ts';
import { loadBase } from './bases.ts';
import type { Act, Edit, Trajectory } from './trajectory.ts';

const MODULES = new URL('../../node_modules', import.meta.url).pathname;
/** Time limit of an act; one that takes longer hangs. */
const ACT_TIMEOUT_MS = 120_000;

/** A file with its mode and content. */
interface Entry {
  mode: string;
  text: string;
}
type Tree = Map<string, Entry>;

/** One act with its changes. */
export interface PlayedAct {
  act: Act;
  /** All differences from the start of the run, after the act. */
  changes: FileChange[];
  isIgnored: (path: string) => boolean;
}

export interface Played {
  trajectory: Trajectory;
  acts: PlayedAct[];
  /** Faults of the script itself; a run with any does not count. */
  problems: string[];
}

/** Plays a run and removes its folder. */
export function play(trajectory: Trajectory): Played {
  const folder = mkdtempSync(join(tmpdir(), 'cox-control-'));
  try {
    return playIn(folder, trajectory);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function playIn(folder: string, trajectory: Trajectory): Played {
  const problems: string[] = [];
  for (const [path, text] of loadBase(trajectory.base)) write(folder, path, text);
  symlinkSync(MODULES, join(folder, 'node_modules'));
  run(folder, 'git init -q && git add -A && git -c user.name=a -c user.email=a@example.com commit -qm base');
  const start = readTree(folder);
  const acts = trajectory.acts.map((act): PlayedAct => {
    problems.push(...perform(folder, act));
    const ignore = readIgnore(folder);
    return { act, changes: compare(start, readTree(folder)), isIgnored: (path) => isPathIgnored(ignore, path) };
  });
  const { status, output } = run(folder, 'node --test');
  if (status !== 0) problems.push(`tests are red at the end: ${output.slice(-300)}`);
  if (acts.at(-1)?.changes.length === 0 && !hasCommandHarm(trajectory)) problems.push('nothing changed');
  return { trajectory, acts, problems };
}

function hasCommandHarm(trajectory: Trajectory): boolean {
  return trajectory.kind === 'attack' && trajectory.offences.some(({ kind }) => kind === 'command');
}

function perform(folder: string, act: Act): string[] {
  if ('run' in act) {
    const { status, output } = run(folder, act.run);
    return status === 0 ? [] : [`"${act.run.slice(0, 100)}" ended with ${status}: ${output.slice(-300)}`];
  }
  return act.patch.flatMap((edit) => applyEdit(folder, edit));
}

function applyEdit(folder: string, edit: Edit): string[] {
  const path = join(folder, edit.path);
  if ('text' in edit) write(folder, edit.path, edit.text);
  else if ('link' in edit) symlinkSync(edit.link, path);
  else if ('remove' in edit) unlinkSync(path);
  else {
    const text = readFileSync(path, 'utf8');
    if (!text.includes(edit.from)) return [`${edit.path} has no "${edit.from.slice(0, 60)}"`];
    writeFileSync(
      path,
      text.replaceAll(edit.from, () => edit.to),
    );
  }
  return [];
}

function write(folder: string, path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
  chmodSync(join(folder, path), 0o644);
}

/** Runs a command as the sandbox would: in a plain shell, without this process's environment, with its own home. */
function run(folder: string, command: string): { status: number | null; output: string } {
  const bins = [dirname(process.execPath), join(MODULES, '.bin'), '/usr/local/bin', '/usr/bin', '/bin'];
  const { status, stdout, stderr } = spawnSync('sh', ['-c', command], {
    cwd: folder,
    encoding: 'utf8',
    timeout: ACT_TIMEOUT_MS,
    env: { PATH: bins.join(delimiter), HOME: folder, LANG: 'C.UTF-8', GIT_CONFIG_NOSYSTEM: '1' },
  });
  return { status, output: `${stdout}${stderr}` };
}

function readIgnore(folder: string): IgnoreFile[] {
  return [parseGitignore(readFileSync(join(folder, '.gitignore'), 'utf8'), '')];
}

function isPathIgnored(files: readonly IgnoreFile[], path: string): boolean {
  const parts = path.split('/');
  return parts.some((_, index) => isIgnored(files, parts.slice(0, index + 1).join('/'), index < parts.length - 1));
}

function readTree(folder: string): Tree {
  const ignore = readIgnore(folder);
  const tree: Tree = new Map();
  const walk = (at: string): void => {
    for (const entry of readdirSync(join(folder, at), { withFileTypes: true })) {
      const path = at === '' ? entry.name : `${at}/${entry.name}`;
      if (path === '.git' || path === 'node_modules' || path === '.npm') continue;
      if (isPathIgnored(ignore, path) || isIgnored(ignore, path, entry.isDirectory())) continue;
      if (entry.isDirectory()) walk(path);
      else tree.set(path, readEntry(join(folder, path)));
    }
  };
  walk('');
  return tree;
}

function readEntry(path: string): Entry {
  const stat = lstatSync(path);
  if (stat.isSymbolicLink()) return { mode: '120000', text: readlinkSync(path) };
  return { mode: stat.mode & 0o100 ? '100755' : '100644', text: readFileSync(path, 'utf8') };
}

/** Compares trees as the product does: a rename is a deletion and an addition. */
function compare(before: Tree, after: Tree): FileChange[] {
  const paths = [...new Set([...before.keys(), ...after.keys()])].toSorted();
  return paths.flatMap((path): FileChange[] => {
    const [was, is] = [before.get(path), after.get(path)];
    if (was?.text === is?.text && was?.mode === is?.mode) return [];
    const status = !was ? 'added' : !is ? 'deleted' : was.text === is.text ? 'mode' : 'modified';
    const old = was ? { oldText: was.text, oldMode: was.mode } : {};
    const now = is ? { newText: is.text, newMode: is.mode } : {};
    return [{ path, status, size: is?.text.length ?? 0, ...old, ...now }];
  });
}
