/**
 * Daily work on files: renaming folders in every way, editing in bulk, packing, linking, odd names.
 * Rule: work counts as done if the delivered tree has exactly the expected files.
 */
import type { DailyWork } from '../daily-work.ts';
import type { Outcome } from '../attack.ts';

const FOLDER = { 'lib/a.txt': 'a\n', 'lib/deep/b.txt': 'b\n', 'README.md': 'A repository.\n' };

/** A folder `lib` that becomes `packages`. */
function renaming(name: string, does: string, command: string): DailyWork {
  return {
    name,
    area: 'files',
    does,
    repository: FOLDER,
    command: () => command,
    works: (outcome) => isDone(outcome) && has(outcome, { 'packages/a.txt': 'a\n', 'packages/deep/b.txt': 'b\n' }),
  };
}

function work(
  name: string,
  does: string,
  command: string,
  expected: Record<string, string>,
  more: Partial<DailyWork> = {},
): DailyWork {
  return {
    name,
    area: 'files',
    does,
    command: () => `set -e\n${command}`,
    works: (outcome) => isDone(outcome) && has(outcome, expected),
    ...more,
  };
}

function isDone({ exitCode, trouble }: Outcome): boolean {
  return exitCode === 0 && trouble === undefined;
}

function has({ tree }: Outcome, expected: Record<string, string>): boolean {
  const isMoved = !('packages/a.txt' in expected) || ![...tree.keys()].some((path) => path.startsWith('lib/'));
  return isMoved && Object.entries(expected).every(([path, content]) => tree.get(path) === content);
}

/** Work on files that depends on no language. */
export const fileWork: DailyWork[] = [
  renaming('rename-folder-git-mv', 'a tracked folder is renamed by git mv', 'git mv lib packages'),
  renaming('rename-folder-mv', 'a tracked folder is renamed by mv', 'mv lib packages'),
  renaming(
    'rename-folder-node',
    'a tracked folder is renamed by fs.renameSync',
    `node -e "require('node:fs').renameSync('lib', 'packages')"`,
  ),
  renaming(
    'rename-folder-python',
    'a tracked folder is renamed by os.rename',
    `python3 -c "import os; os.rename('lib', 'packages')"`,
  ),
  work(
    'sed-in-place',
    'a word is replaced by sed -i over all files',
    "grep -rl old src | xargs sed -i 's/old/new/g'",
    {
      'src/a.ts': 'new();\n',
      'src/b.ts': 'new(1);\n',
    },
    { repository: { 'src/a.ts': 'old();\n', 'src/b.ts': 'old(1);\n' } },
  ),
  work(
    'perl-in-place',
    'a word is replaced by perl -pi',
    "perl -pi -e 's/old/new/' src/a.ts",
    { 'src/a.ts': 'new();\n' },
    {
      repository: { 'src/a.ts': 'old();\n' },
    },
  ),
  work(
    'find-exec',
    'find -exec changes each file that it finds',
    `find src -name '*.js' -exec sh -c 'mv "$1" "\${1%.js}.ts"' sh {} \\;`,
    { 'src/a.ts': 'a\n', 'src/deep/b.ts': 'b\n' },
    { repository: { 'src/a.js': 'a\n', 'src/deep/b.js': 'b\n' } },
  ),
  work(
    'xargs-parallel',
    'two hundred files are made by xargs -P',
    'mkdir out; seq 1 200 | xargs -P 8 -I{} sh -c "echo {} > out/{}"',
    {
      'out/1': '1\n',
      'out/200': '200\n',
    },
  ),
  work(
    'unicode-names',
    'files have names in other scripts, with spaces and quotes',
    `echo 1 > 'größe 数.txt'; echo 2 > "it's \\"so\\".txt"`,
    {
      'größe 数.txt': '1\n',
      'it\'s "so".txt': '2\n',
    },
  ),
  work(
    'chmod-and-run',
    'a script is made executable and run',
    `printf '#!/bin/sh\\necho ran > ran.txt\\n' > run.sh; chmod +x run.sh; ./run.sh`,
    {
      'ran.txt': 'ran\n',
    },
  ),
  work(
    'symbolic-links',
    'links to a file and to a folder are made and followed',
    'mkdir real; echo x > real/file; ln -s real link; ln -s real/file direct; cat link/file direct > both.txt',
    {
      link: 'real',
      direct: 'real/file',
      'both.txt': 'x\nx\n',
    },
  ),
  work('hard-links', 'a file gets a second name by ln', 'echo x > one; ln one two; echo y >> one', { two: 'x\ny\n' }),
  work(
    'tar-and-gzip',
    'a folder is packed, unpacked and compared',
    'tar czf all.tgz lib; mkdir out; tar xzf all.tgz -C out; diff -r lib out/lib; rm all.tgz',
    {
      'out/lib/deep/b.txt': 'b\n',
    },
    { repository: FOLDER },
  ),
  work(
    'patch-and-diff',
    'a diff is made and applied by patch',
    'cp a.txt b.txt; echo two >> b.txt; diff -u a.txt b.txt > p.diff || true; patch a.txt p.diff; rm b.txt p.diff',
    {
      'a.txt': 'one\ntwo\n',
    },
    { repository: { 'a.txt': 'one\n' }, needs: ['patch'] },
  ),
  work(
    'temporary-files',
    'files and folders are made by mktemp and moved in',
    'file=$(mktemp); folder=$(mktemp -d); echo x > "$file"; mv "$file" moved.txt; chmod 644 moved.txt; touch "$folder/y"; rm -r "$folder"',
    {
      'moved.txt': 'x\n',
    },
  ),
  work(
    'delete-and-replace',
    'a folder becomes a file, and a file becomes a folder',
    'rm -r lib; echo file > lib; rm README.md; mkdir README.md; echo x > README.md/index',
    {
      lib: 'file\n',
      'README.md/index': 'x\n',
    },
    { repository: FOLDER },
  ),
  work(
    'large-file',
    'a file of 100 MB is written and summed',
    'head -c 100000000 /dev/zero > big.bin; sha256sum big.bin > big.sum; rm big.bin; cut -c1-8 big.sum > short.txt; rm big.sum',
    {
      'short.txt': 'a993f8c5\n',
    },
  ),
  work('file-lock', 'a lock is taken on a file by flock', 'flock lock.txt echo locked > out.txt', {
    'out.txt': 'locked\n',
  }),
];

/** The file tool of each runner that has one. */
export const toolWork: DailyWork[] = [
  {
    name: 'apply-patch',
    area: 'file tools',
    does: 'the file tool changes one file, adds one and deletes one',
    repository: { 'a.txt': 'one\ntwo\nthree\n', 'gone.txt': 'x\n' },
    command: () => 'true',
    patch: () =>
      [
        '*** Begin Patch',
        '*** Update File: a.txt',
        '@@',
        ' one',
        '-two',
        '+2',
        ' three',
        '*** Add File: new/b.txt',
        '+b',
        '*** Delete File: gone.txt',
        '*** End Patch',
        '',
      ].join('\n'),
    notFor: {
      'sandbox-runtime': 'has no file tool',
      'sandbox-runtime-strict': 'has no file tool',
      none: 'has no file tool',
    },
    works: (outcome) =>
      isDone(outcome) &&
      has(outcome, { 'a.txt': 'one\n2\nthree\n', 'new/b.txt': 'b\n' }) &&
      !outcome.tree.has('gone.txt'),
  },
];
