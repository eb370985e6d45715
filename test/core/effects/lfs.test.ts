/** Files that git LFS keeps: a pointer is no finding, everything else in its place is one. */
import { expect, test } from 'vitest';
import type { FileChange } from '../../../src/core/effects/change.ts';
import { detectEffects } from '../../../src/core/effects/detect.ts';

const DIGEST = '4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393';
const POINTER = `version https://git-lfs.github.com/spec/v1\noid sha256:${DIGEST}\nsize 12345\n`;
const context = { paths: ['**'], task: 'Replace the pictures in assets' };

function found(change: Partial<FileChange>): string[] {
  const whole: FileChange = { path: 'assets/a.bin', status: 'modified', newMode: '100644', size: 130, ...change };
  const findings = detectEffects([whole], context).filter(({ kind }) => kind === 'lfs-content');
  return findings.map(({ risk, path }) => `${risk} ${path}`);
}

test('a pointer is no finding, nor is an empty file, a deleted one, or one that is only made executable', () => {
  expect(found({ lfs: true, newText: POINTER, oldText: POINTER.replace('12345', '1') })).toEqual([]);
  expect(found({ lfs: true, status: 'added', newText: POINTER.replace('oid', 'ext-0-foo sha256:x\noid') })).toEqual([]);
  expect(found({ lfs: true, status: 'added', newText: '', size: 0 })).toEqual([]);
  expect(found({ lfs: true, status: 'deleted', oldText: 'raw' })).toEqual([]);
  expect(found({ newText: 'raw\n' })).toEqual([]);
});

test('added or changed content that is no pointer is a finding of its own', () => {
  expect(found({ lfs: true, status: 'added', newText: 'raw\n' })).toEqual(['high assets/a.bin']);
  expect(found({ lfs: true, newText: 'raw\n', oldText: POINTER })).toEqual(['high assets/a.bin']);
  expect(found({ lfs: true, binary: true, oldText: POINTER, size: 9 })).toEqual(['high assets/a.bin']);
  expect(found({ lfs: true, newText: `${POINTER}raw\n`, oldText: POINTER })).toEqual(['high assets/a.bin']);
  expect(found({ lfs: true, truncated: true, status: 'added', size: 1e9 })).toEqual(['high assets/a.bin']);
});
