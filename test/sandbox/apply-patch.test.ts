/**
 * apply_patch as a command in the sandbox: what it changes, which deviations it tolerates, and what it refuses without
 * changing anything.
 */
import { expect, test } from 'vitest';
import { applyPatchCommand } from '../../src/sandbox/programs/apply-patch.ts';
import type { CommandResult } from '../../src/sandbox/command/request.ts';
import type { Workspace } from '../../src/sandbox/workspace/workspaces.ts';
import type { FileSpec } from './sandbox-host.ts';
import { realIsolation, storeWith, temporaryFolder, temporaryWorkspaces } from './sandbox-host.ts';

const isolation = await realIsolation();
const limits = { profile: 'workspace', network: false, timeoutMs: 60_000 } as const;

async function workspaceWith(files: Record<string, FileSpec>, kind: 'bwrap' | 'none' = 'bwrap'): Promise<Workspace> {
  const { store, base } = await storeWith(temporaryFolder(), files);
  const workspaces = temporaryWorkspaces(kind === 'bwrap' ? isolation : { kind });
  return await workspaces.open({ id: 'agent', store, base, commit: base });
}

async function apply(workspace: Workspace, body: string): Promise<CommandResult> {
  return await workspace.run({ ...limits, ...applyPatchCommand(`*** Begin Patch\n${body}\n*** End Patch\n`) });
}

async function read(workspace: Workspace, path: string): Promise<string> {
  return (await workspace.run({ ...limits, command: ['cat', path] })).output;
}

const LETTERS = 'a\nb\nc\nd\ne\n';

test.each(['bwrap', 'none'] as const)(
  'adds, updates, moves and deletes, and says so, with isolation %s',
  async (kind) => {
    const workspace = await workspaceWith({ letters: LETTERS, old: 'x\n', 'src/run': { program: 'one\ntwo\n' } }, kind);
    const result = await apply(
      workspace,
      `*** Add File: new/deep/file.txt
+hello
+wörld
*** Update File: letters
@@ b
 c
-d
+D
+D2
 e
*** Delete File: old
*** Update File: src/run
*** Move to: bin/run
@@
 one
-two
+2`,
    );
    expect(result).toMatchObject({
      exitCode: 0,
      output: 'A new/deep/file.txt\nM letters\nD old\nR src/run → bin/run\n',
    });
    expect(await read(workspace, 'new/deep/file.txt')).toBe('hello\nwörld\n');
    expect(await read(workspace, 'letters')).toBe('a\nb\nc\nD\nD2\ne\n');
    const rest = await workspace.run({ ...limits, command: 'ls old src/run; [ -x bin/run ] && cat bin/run' });
    expect(rest.output).toMatch(/one\n2\n$/);
  },
);

test('hunks are placed in order, by their context line, and at the end of the file if the patch says so', async () => {
  const text = 'def one():\n    return 1\n\ndef two():\n    return 1\n\ndef three():\n    return 1\n';
  const workspace = await workspaceWith({ 'f.py': text });
  const result = await apply(
    workspace,
    `*** Update File: f.py
@@ def two():
-    return 1
+    return 2
@@
     return 1
+# end
*** End of File`,
  );
  expect(result.exitCode).toBe(0);
  expect(await read(workspace, 'f.py')).toBe(
    'def one():\n    return 1\n\ndef two():\n    return 2\n\ndef three():\n    return 1\n# end\n',
  );
});

test('tolerates spaces at line ends, typographic punctuation, here-documents and absolute paths', async () => {
  const workspace = await workspaceWith({ f: 'it’s “quoted” — dash   \nnext\nlast\n' });
  const hunk = '@@ -1,3 +1,3 @@\n it\'s "quoted" - dash\n-next \n+NEXT';
  const patch = `apply_patch <<'EOF'\n*** Begin Patch  \n*** Update File: /workspace/f\n${hunk}\n*** End Patch\nEOF\n`;
  const result = await workspace.run({ ...limits, ...applyPatchCommand(patch) });
  expect(result).toMatchObject({ exitCode: 0, output: 'M f\n' });
  expect(await read(workspace, 'f')).toBe('it’s “quoted” — dash   \nNEXT\nlast\n');
});

test('bytes that the patch does not name stay: line ends, encodings, a missing last line break', async () => {
  const workspace = await workspaceWith({ crlf: 'a\r\nb\r\nc', start: 's' });
  await workspace.run({ ...limits, command: "printf 'caf\\351\\nx\\ny' > latin" });
  const result = await apply(
    workspace,
    `*** Update File: crlf
@@
-a
+A
*** Update File: latin
@@
-x
+X
*** Update File: start
@@
+end`,
  );
  expect(result.exitCode).toBe(0);
  const bytes = await workspace.run({ ...limits, command: 'cat crlf latin start | od -An -v -t x1 | tr -d " \\n"' });
  expect(Buffer.from(bytes.output, 'hex').toString('latin1')).toBe('A\r\nb\r\nccaf\xe9\nX\nys\nend\n');
});

test('when a later file can not be written, earlier ones are restored', async () => {
  const workspace = await workspaceWith({ a: 'a\n', 'locked/b': 'b\n' });
  await workspace.run({ ...limits, command: 'chmod a-w locked' });
  const result = await apply(
    workspace,
    '*** Update File: a\n@@\n-a\n+A\n*** Add File: n\n+n\n*** Add File: locked/new\n+n',
  );
  expect(result).toMatchObject({ exitCode: 1, output: expect.stringContaining('permission denied') });
  expect((await workspace.run({ ...limits, command: 'cat a; ls' })).output).toBe('a\na\nlocked\n');
});

test('nothing is written when any hunk fails, and the file and hunk are named', async () => {
  const workspace = await workspaceWith({ letters: LETTERS, other: 'o\n' });
  const result = await apply(
    workspace,
    `*** Update File: other
@@
-o
+O
*** Add File: new
+n
*** Update File: letters
@@
-a
+A
@@
 c
-x
+X`,
  );
  expect(result.exitCode).toBe(1);
  expect(result.output).toBe(
    'Nothing was changed. letters, hunk 2 (line 12 of the patch): these lines are not in the file ' +
      '(line 3 of the file is like the first of them, but what follows differs):\n  c\n  x\n',
  );
  expect(await read(workspace, 'letters')).toBe(LETTERS);
  expect((await workspace.run({ ...limits, command: 'cat other; ls' })).output).toBe('o\nletters\nother\n');
});

test.each([
  ['*** Update File: letters\n@@\n-zzz\n+y', 'letters, hunk 1'],
  ['*** Update File: letters\n@@ nowhere\n-a\n+y', 'no line "nowhere"'],
  ['*** Update File: letters\n@@\n-d\n+D\n@@\n-b\n+B', 'order of the file'],
  ['*** Update File: missing\n@@\n-a\n+y', 'missing: there is no such file'],
  ['*** Delete File: missing', 'missing: there is no such file'],
  ['*** Add File: ../outside\n+x', 'outside the workspace'],
  ['*** Add File: /etc/x\n+x', 'outside the workspace'],
  ['*** Add File: out/x\n+x', 'outside the workspace through a link'],
  ['*** Add File: dangling\n+x', 'broken link'],
  ['*** Add File: letters/x\n+x', '"letters" is not a folder'],
  ['*** Add File: .git/config\n+x', 'belongs to git'],
  ['*** Add File: x\nno plus', 'line 3: every line of an added file must start with "+"'],
  ['*** Update File: letters\n@@\n*bad', 'line 4: a line of a hunk must start with'],
  ['*** Update File: letters', 'no hunk'],
  ['*** Rename File: letters', 'is no section'],
  ['', 'changes nothing'],
])('refuses %j', async (body, reason) => {
  const workspace = await workspaceWith({
    letters: LETTERS,
    out: { link: '/tmp' },
    dangling: { link: 'nowhere/at/all' },
  });
  const result = await apply(workspace, body);
  expect(result.output).toContain(reason);
  expect(result.output).toMatch(/^Nothing was changed\. /);
  expect(result.exitCode).toBe(1);
});

test('a byte-order mark stays when line 1 changes, whether the patch has it or not', async () => {
  const workspace = await workspaceWith({
    'a.cs': '\ufeffusing A;\r\nusing B;\r\n',
    'b.cs': '\ufeffusing A;\nusing B;\n',
    'c.cs': '\ufeffusing A;\nusing B;\n',
    'd.cs': '\ufeffusing A;\n',
    'e.cs': 'using A;\n',
  });
  const { output } = await apply(
    workspace,
    '*** Update File: a.cs\n@@\n-using A;\n+using C;\n using B;\n' +
      '*** Update File: b.cs\n@@\n-\ufeffusing A;\n+\ufeffusing C;\n using B;\n' +
      '*** Update File: c.cs\n@@\n-\ufeffusing A;\n+using C;\n' +
      '*** Add File: d.cs\n+using C;\n' +
      '*** Update File: e.cs\n@@\n-using A;\n+\ufeffusing C;',
  );
  expect(output).toBe('M a.cs\nM b.cs\nM c.cs\nM d.cs\nM e.cs\n');
  expect(await read(workspace, 'a.cs')).toBe('\ufeffusing C;\r\nusing B;\r\n');
  expect(await read(workspace, 'b.cs')).toBe('\ufeffusing C;\nusing B;\n');
  expect(await read(workspace, 'c.cs')).toBe('\ufeffusing C;\nusing B;\n');
  expect(await read(workspace, 'd.cs')).toBe('\ufeffusing C;\n');
  expect(await read(workspace, 'e.cs')).toBe('\ufeffusing C;\n');
});
