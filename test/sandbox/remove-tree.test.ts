/** Folders that commands leave can be measured and removed, whatever their depth and permissions. */
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { DiskWatch } from '../../src/sandbox/command/disk-usage.ts';
import { readMarks } from '../../src/sandbox/files/file-marks.ts';
import { removeTree } from '../../src/sandbox/files/remove-tree.ts';
import { temporaryFolder } from './sandbox-host.ts';

/** Nests folders, and takes all permissions from the last one, which has a file in it. */
function nest(folder: string, { name, levels }: { name: string; levels: number }): void {
  const script = `import os, sys
os.chdir(sys.argv[1])
for level in range(int(sys.argv[3])):
    os.mkdir(sys.argv[2]); os.chdir(sys.argv[2])
os.makedirs('locked/more'); os.chmod('locked/more', 0); os.chmod('locked', 0)`;
  mkdirSync(folder, { recursive: true });
  execFileSync('python3', ['-c', script, folder, name, String(levels)]);
}

test('folders too deep to be named are removed, though the last ones are locked', async () => {
  const folder = join(temporaryFolder(), 'deep');
  nest(folder, { name: 'd'.repeat(250), levels: 40 });
  await removeTree(folder);
  expect(existsSync(folder)).toBe(false);
  await removeTree(folder);
});

test('a link is removed, and not its target', async () => {
  const [folder, other] = [temporaryFolder(), temporaryFolder()];
  nest(join(folder, 'deep'), { name: 'd'.repeat(250), levels: 40 });
  symlinkSync(other, join(folder, 'link'));
  chmodSync(other, 0o500);
  await removeTree(folder);
  expect(statSync(other).mode & 0o777).toBe(0o500);
});

test('deeply nested folders are counted without a list of names, and marked as far as they can be stored', async () => {
  const folder = temporaryFolder();
  nest(folder, { name: 'd', levels: 3000 });
  writeFileSync(join(folder, 'file'), 'x');
  const counted = new DiskWatch(folder, { diskBytes: 1024 ** 4, diskFiles: 0 });
  expect((await counted.look()).problem).toContain('more than 0 changed files');
  const weighed = new DiskWatch(folder, { diskBytes: 0, diskFiles: 1_000_000 });
  expect((await weighed.look()).problem).toContain('more than 0 bytes');
  expect([...readMarks(folder).keys()]).toEqual(['file']);
});
