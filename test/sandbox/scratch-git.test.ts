/** The scratch repository in an agent's workspace: for the agent's use only, and part of no checkpoint. */
import { readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Sha } from '../../src/core/transcript.ts';
import type { Store } from '../../src/git/store.ts';
import type { CommandRequest } from '../../src/sandbox/command/request.ts';
import type { Workspace } from '../../src/sandbox/workspace/workspaces.ts';
import { addCommit, git, realIsolation, storeWith, temporaryFolder, temporaryWorkspaces } from './sandbox-host.ts';

const isolation = await realIsolation();
const limits = { profile: 'workspace', network: false, timeoutMs: 60_000 } as const;

async function output(workspace: Workspace, command: string, more: Partial<CommandRequest> = {}): Promise<string> {
  return (await workspace.run({ ...limits, command, ...more })).output;
}

const FILES = { 'src/one.ts': '1\n', 'src/two.ts': '2\n', crlf: 'a\r\nb\r\n', '.gitattributes': '* text eol=crlf\n' };

/** Commits with these subjects, oldest first; `base` is the last one. */
async function storeWithHistory(subjects: readonly string[]): Promise<{ store: Store; base: Sha; folder: string }> {
  const folder = temporaryFolder();
  const { store, base } = await storeWith(folder, FILES);
  let head: string | undefined;
  for (const subject of subjects) {
    const parents = head === undefined ? [] : ['-p', head];
    head = git(store.dir, ['commit-tree', '-m', subject, ...parents, `${base}^{tree}`]);
  }
  return { store, base: head as Sha, folder };
}

describe.each([isolation, { ...isolation, overlay: false }, { kind: 'none' } as const])(
  'with isolation $kind, overlay $overlay',
  (kind) => {
    test('git status, diff, log, blame, stash, branch, mv and commit work in a workspace as anywhere', async () => {
      const { store, base } = await storeWithHistory(['Begin', 'Add the wörld']);
      const workspace = await temporaryWorkspaces(kind).open({ id: 'agent', store, base, commit: base });
      expect(
        await output(workspace, 'git status --porcelain --branch && git log --format="%h %s %an" --abbrev=40'),
      ).toBe(`## main\n${base} Add the wörld Ada\n${git(store.dir, ['rev-parse', `${base}^`])} Begin Ada\n`);
      const changes = 'echo more >> src/one.ts; rm src/two.ts; echo new > new; git status --porcelain; git diff --stat';
      expect(await output(workspace, changes)).toBe(
        ' M src/one.ts\n D src/two.ts\n?? new\n src/one.ts | 1 +\n src/two.ts | 1 -\n 2 files changed, 1 insertion(+), 1 deletion(-)\n',
      );
      expect(
        await output(workspace, 'git stash -q && git status --porcelain && cat src/two.ts && git stash pop -q'),
      ).toBe('?? new\n2\n');
      const commit =
        'git switch -qc work && git add -A && git commit -qm "My own" && git log --format=%s && git branch';
      expect(await output(workspace, commit)).toBe('My own\nAdd the wörld\nBegin\n  main\n* work\n');
      expect(await output(workspace, 'git mv src/one.ts src/first.ts && git status --porcelain')).toBe(
        'R  src/one.ts -> src/first.ts\n',
      );
      expect(await output(workspace, 'git blame -s src/first.ts | cut -c 10-; git fsck --strict', {})).toContain(
        'more\n',
      );
      expect(await output(workspace, 'git log --format=%s -1; git status --porcelain', { profile: 'read-only' })).toBe(
        'My own\nR  src/one.ts -> src/first.ts\n',
      );
      const { commit: made, leftOut } = await workspace.checkpoint({ parent: base, message: () => 'step' });
      expect(leftOut).toEqual({});
      expect(git(store.dir, ['diff', '--no-renames', '--name-status', base, made])).toBe(
        'A\tnew\nA\tsrc/first.ts\nD\tsrc/one.ts\nD\tsrc/two.ts',
      );
    });

    test('the scratch repository is in no checkpoint, whatever becomes of it; nested ones are reported', async () => {
      const { store, base } = await storeWithHistory(['Begin']);
      const workspaces = temporaryWorkspaces(kind);
      const ways = [
        'rm -rf .git',
        'rm -rf .git; echo file > .git',
        'rm -rf .git; ln -s /etc .git',
        'rm -rf .git; mkfifo .git',
        'rm -rf .git; git init -q . && git add -A && git commit -qm other',
        'git config core.fsmonitor "touch /workspace/fired"; git config core.hooksPath /workspace/hooks',
        'chmod 0 .git/HEAD .git/objects .git',
      ];
      for (const [index, way] of ways.entries()) {
        const workspace = await workspaces.open({ id: `agent ${index}`, store, base, commit: base });
        expect(await workspace.run({ ...limits, command: way })).toMatchObject({ exitCode: 0 });
        const made = await workspace.checkpoint({ parent: base, message: () => 'step' });
        expect([way, made.tree, made.leftOut]).toEqual([way, git(store.dir, ['rev-parse', `${base}^{tree}`]), {}]);
      }
      const nested = await workspaces.open({ id: 'nested', store, base, commit: base });
      await output(nested, 'git init -q sub && echo in > sub/in && git -C sub add in && git -C sub commit -qm inner');
      const { commit, leftOut } = await nested.checkpoint({ parent: base, message: () => 'step' });
      expect(leftOut).toEqual({ 'nested .git': 1 });
      expect(git(store.dir, ['show', `${commit}:sub/in`])).toBe('in');
    });

    test('only the base and its history can be read in it, not what else the store has', async () => {
      const { store, base, folder } = await storeWithHistory(['Begin', 'Go on']);
      const other = addCommit(folder, store, { secret: 'of another run\n' });
      const later = git(store.dir, ['commit-tree', '-m', 'Later', '-p', base, `${other}^{tree}`]);
      const workspace = await temporaryWorkspaces(kind).open({ id: 'agent', store, base, commit: base });
      const look = (id: string): string => `git cat-file -e ${id} 2>/dev/null && echo there || echo hidden`;
      expect(await output(workspace, `${look(base)}; ${look(`${base}~1`)}; ${look(other)}; ${look(later)}`)).toBe(
        'there\nthere\nhidden\nhidden\n',
      );
      expect(await output(workspace, 'git remote; cat .git/objects/info/alternates 2>&1')).toMatch(/No such file/);
    });

    test('a long history is cut to a consistent part, and so is one that is already shallow in the store', async () => {
      const { store, base } = await storeWithHistory(Array.from({ length: 60 }, (_, index) => `Commit ${index}`));
      const workspaces = temporaryWorkspaces(kind);
      const count = 'git log --format=%s | wc -l; git fsck --connectivity-only 2>&1; git log --format=%s | tail -1';
      const workspace = await workspaces.open({ id: 'agent', store, base, commit: base });
      expect(await output(workspace, count)).toBe('50\nCommit 10\n');
      writeFileSync(join(store.dir, 'shallow'), `${git(store.dir, ['rev-parse', `${base}~5`])}\n`);
      const shallow = git(store.dir, ['commit-tree', '-m', 'New', '-p', base, `${base}^{tree}`]) as Sha;
      const cut = await workspaces.open({ id: 'cut', store, base: shallow, commit: shallow });
      expect(await output(cut, count)).toBe('7\nCommit 54\n');
    });

    test('what setup does to the repository stays with setup', async () => {
      const { store, base } = await storeWithHistory(['Begin']);
      const command = 'git config core.hooksPath .husky && mkdir -p .git/hooks && echo exit 1 > .git/hooks/pre-commit';
      const setup = { command: `git log -1 --format=%s > /tmp/log && ${command} && rm .git/HEAD`, network: false };
      const workspace = await temporaryWorkspaces(kind).open({ id: 'agent', store, base, commit: base, setup });
      expect(await output(workspace, 'git config core.hooksPath; ls .git/hooks; git log --format=%s')).toBe('Begin\n');
    });

    test('git ignores exactly the files that setup left; changes to them are in the checkpoint', async () => {
      const { store, base } = await storeWithHistory(['Begin']);
      const left = ['node_modules/x/i.js', 'vendor/y.js', 'src/made.ts', 'src/gen/a.ts', 'a[b]* c /d', '#e', 'src/f '];
      const command = left.map((path) => `mkdir -p "$(dirname '${path}')" && echo left > '${path}'`).join(' && ');
      const setup = { command, network: false };
      const workspace = await temporaryWorkspaces(kind).open({ id: 'agent', store, base, commit: base, setup });
      expect(await output(workspace, `git status --porcelain; cat ${left.map((path) => `'${path}'`).join(' ')}`)).toBe(
        'left\n'.repeat(left.length),
      );
      const work = 'echo new > src/new.ts; mkdir ab; echo new > ab/d; echo new > src/f; echo mine > vendor/y.js';
      expect(await output(workspace, `${work}; git status --porcelain -uall`)).toBe(
        '?? ab/d\n?? src/f\n?? src/new.ts\n',
      );
      const { commit } = await workspace.checkpoint({ parent: base, message: () => 'step' });
      expect(git(store.dir, ['diff', '--name-status', base, commit])).toBe(
        'A\tab/d\nA\tsrc/f\nA\tsrc/new.ts\nA\tvendor/y.js',
      );
    });

    test('git sees files that a later commit tracks among the files of setup, and in place of them', async () => {
      const { store, base, folder } = await storeWithHistory(['Begin']);
      const { 'src/two.ts': _, ...kept } = FILES;
      const later = addCommit(folder, store, { ...kept, 'made/task.ts': 'mine\n', 'src/gen/b.ts': 'mine\n' });
      const left = ['made/a.ts', 'made/deep/c.ts', 'src/gen/a.ts', 'src/gen/b.ts'];
      const command = `mkdir -p made/deep src/gen && for f in ${left.join(' ')}; do echo left > $f; done`;
      const setup = { command: `${command}; echo mine > src/gen/b.ts`, network: false };
      const workspaces = temporaryWorkspaces(kind);
      const list = 'git ls-files -co --exclude-standard made src/gen';
      const first = await workspaces.open({ id: 'first', store, base, commit: base, setup });
      expect(await output(first, list)).toBe('');
      expect(await output(first, 'echo new > new; git add -A && git commit -qm mine && git ls-files new')).toBe(
        'new\n',
      );
      const second = await workspaces.open({ id: 'second', store, base, commit: later, setup });
      expect(await output(second, `${list}; cat made/a.ts && git add -A && git diff --cached --name-only`)).toBe(
        'made/task.ts\nsrc/gen/b.ts\nleft\nmade/task.ts\nsrc/gen/b.ts\nsrc/two.ts\n',
      );
      const { tree } = await second.checkpoint({ parent: later, message: () => 'step' });
      expect(tree).toBe(git(store.dir, ['rev-parse', `${later}^{tree}`]));
    });

    test('checks find the repository too', async () => {
      const { store, base } = await storeWithHistory(['Begin']);
      const checks = ['git log -1 --format=%s && git diff --exit-code'];
      const results = await temporaryWorkspaces(kind).runChecks({
        store,
        base,
        commit: base,
        checks,
        timeoutMs: 60_000,
      });
      expect(results).toMatchObject([{ exitCode: 0, output: 'Begin\n' }]);
    });
  },
);

test('it costs a workspace nothing, and git status reads no file whose size and time are those of the base', async () => {
  const { store, base } = await storeWithHistory(['Begin']);
  const stateDir = temporaryFolder();
  const workspaces = temporaryWorkspaces(isolation, stateDir);
  const workspace = await workspaces.open({ id: 'agent', store, base, commit: base });
  const parent = join(stateDir, 'workspaces');
  const own = readdirSync(parent, { recursive: true, encoding: 'utf8' }).filter((name) => name.includes('/files/'));
  expect(own).toEqual([]);
  // Another text with the same size and time in the layer below: if git read it, git would see a change.
  const layer = join(stateDir, 'bases', readdirSync(join(stateDir, 'bases'))[0] ?? '');
  const file = join(layer, 'files', 'src/one.ts');
  const { atime, mtime } = statSync(file);
  writeFileSync(file, 'X\n');
  utimesSync(file, atime, mtime);
  // Git does not trust an index from the same second as its files.
  const later = new Date(mtime.getTime() + 10_000);
  utimesSync(join(layer, 'git', '.git', 'index'), later, later);
  expect(await output(workspace, 'git status --porcelain; cat src/one.ts')).toBe('X\n');
});
