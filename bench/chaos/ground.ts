/**
 * The files of a chaos run: a folder with the repository to refactor and the hub, both bare, as on a git host.
 * Rule: a git hook in the hub records each move of a ref with its time, so that the audits need not guess.
 */
import { appendFile, chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { baseFiles } from './scripted-work.ts';

const WHO = { GIT_AUTHOR_NAME: 'T', GIT_AUTHOR_EMAIL: 't@t', GIT_COMMITTER_NAME: 'T', GIT_COMMITTER_EMAIL: 't@t' };
const MOVES = 'moves.log';
const HOOK = `#!/bin/sh
[ "$1" = committed ] || exit 0
now=$(date +%s%3N)
while read -r old new ref; do echo "$now $old $new $ref"; done >> ${MOVES}
`;

/** Runs git in a folder and returns its output. */
export async function git(folder: string, ...args: string[]): Promise<string> {
  const { stdout } = await execa('git', args, { cwd: folder, env: WHO });
  return stdout;
}

/** The file of the key with which the people of a run sign; its public half has the same name with `.pub`. */
export const KEY = 'ann';

/** Makes the folder with `repository.git`, `hub.git` and the key. */
export async function makeGround(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'coxswain-chaos-'));
  const work = join(folder, 'work');
  for (const [path, text] of Object.entries(baseFiles())) {
    await mkdir(dirname(join(work, path)), { recursive: true });
    await writeFile(join(work, path), text);
  }
  await git(work, 'init', '-q', '-b', 'main');
  await git(work, 'add', '-A');
  await git(work, 'commit', '-q', '-m', 'first');
  await git(folder, 'clone', '-q', '--bare', work, 'repository.git');
  await rm(work, { recursive: true });
  await git(folder, 'init', '-q', '--bare', '-b', 'main', 'hub.git');
  const hub = join(folder, 'hub.git');
  await git(hub, 'config', 'uploadpack.allowAnySHA1InWant', 'true');
  await git(hub, 'config', 'receive.autogc', 'false');
  await writeFile(join(hub, 'hooks/reference-transaction'), HOOK);
  await chmod(join(hub, 'hooks/reference-transaction'), 0o755);
  await appendFile(join(hub, MOVES), '');
  await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', KEY, '-f', join(folder, KEY)]);
  return folder;
}
