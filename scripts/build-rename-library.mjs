/**
 * Compiles rename-folder.c in src/sandbox/bubblewrap for x64 and arm64 into rename-library.ts there; run by hand when
 * the source changes.
 * Rule: the compilers' names and flags are fixed here, so the same compiler always gives the same bytes.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { ROOT } from './run-node.mjs';

/** The compilers of Debian 12, from the packages gcc and gcc-aarch64-linux-gnu. */
const COMPILERS = { x64: 'x86_64-linux-gnu-gcc', arm64: 'aarch64-linux-gnu-gcc' };
const FLAGS = [
  '-Os -shared -fPIC -nostdlib -ffreestanding -fno-builtin -fno-stack-protector -fno-asynchronous-unwind-tables',
  '-fno-ident -fvisibility=hidden -mno-outline-atomics -s -Wall -Wextra -Werror',
  '-Wl,--build-id=none -Wl,--hash-style=sysv -Wl,-z,noseparate-code -Wl,-z,norelro -Wl,-z,noexecstack',
].flatMap((line) => line.split(' '));
const LINE_CHARACTERS = 110;

const source = join(ROOT, 'src', 'sandbox', 'rename-folder.c');
const target = join(ROOT, 'src', 'sandbox', 'rename-library.ts');
const folder = mkdtempSync(join(tmpdir(), 'coxswain-rename-'));
try {
  const parts = Object.entries(COMPILERS).map(([arch, compiler]) => {
    const file = join(folder, `${arch}.so`);
    const flags = FLAGS.filter((flag) => arch === 'arm64' || flag !== '-mno-outline-atomics');
    execFileSync(compiler, [...flags, '-o', file, source], { stdio: 'inherit' });
    const text = gzipSync(readFileSync(file), { level: 9 }).toString('base64');
    const lines = text.match(new RegExp(`.{1,${LINE_CHARACTERS}}`, 'g')) ?? [];
    return `  ${arch}: [\n${lines.map((line) => `    '${line}',\n`).join('')}  ],\n`;
  });
  const digest = createHash('sha256').update(readFileSync(source)).digest('hex');
  const before = readFileSync(target, 'utf8');
  const after = before
    .replace(/^(export const SOURCE_SHA256 = ')\w+/m, `$1${digest}`)
    .replace(/^(const LIBRARIES[^\n]*\{\n)[^]*?^\};/m, `$1${parts.join('')}};`);
  writeFileSync(target, after);
} finally {
  rmSync(folder, { recursive: true });
}
