/** The toolbox's cox-codemod: what it rewrites, byte by byte, what it leaves, and what it prints about both. */
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { removeTree } from '../../src/sandbox/files/remove-tree.ts';
import { prepareToolbox } from '../../src/sandbox/bubblewrap/toolbox.ts';
import { JAVASCRIPT } from './codemod-javascript.ts';
import type { Row } from './codemod-rows.ts';
import { OTHERS } from './codemod-sources.ts';

const GOAL = { pattern: 'var $A = require($B)', rewrite: 'const $A = require($B)', lang: 'javascript' };

const state = mkdtempSync(join(tmpdir(), 'coxswain-codemod-'));
const ROWS = [...JAVASCRIPT, ...OTHERS];
let tools: string;
beforeAll(async () => {
  tools = (await prepareToolbox(state)).folder;
});
afterAll(async () => await removeTree(state));

/** Runs the codemod in a folder, and returns its output. */
async function codemod(
  cwd: string,
  verb: string,
  { pattern, rewrite, lang }: { pattern: string; rewrite: string; lang?: string },
  ...more: string[]
): Promise<string> {
  const goal = [`--pattern=${pattern}`, `--rewrite=${rewrite}`, ...(lang === undefined ? [] : [`--lang=${lang}`])];
  const { stdout } = await execa(join(tools, 'cox-codemod'), [verb, ...goal, ...more], { cwd });
  return stdout;
}

/** A git repository with these files. All are tracked, also ignored ones. */
async function repositoryOf(files: Record<string, string | Buffer>): Promise<string> {
  const folder = mkdtempSync(join(state, 'repository-'));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  await execa('git', ['init', '-q'], { cwd: folder });
  await execa('git', ['add', '-f', '-A'], { cwd: folder });
  return folder;
}

describe.each([...new Set(ROWS.map(({ goal }) => goal))])('$lang: `$pattern` with `$rewrite`', (goal) => {
  const rows = ROWS.filter((row) => row.goal === goal);
  const nameOf = ({ file = `a.${goal.ending}` }: Row, index: number): string => `${index}/${file}`;
  let folder: string;
  let said: string;
  beforeAll(async () => {
    folder = await repositoryOf(Object.fromEntries(rows.map((row, index) => [nameOf(row, index), row.before])));
    said = await codemod(folder, 'edit', goal);
  });
  test.each(rows.map((row, index) => ({ ...row, path: nameOf(row, index) })))(
    '$name',
    ({ path, after, refused = /^$/ }) => {
      expect(readFileSync(join(folder, path), 'utf8')).toBe(after);
      const lines = said.split('\n').filter((line) => line.startsWith(`refused\t${JSON.stringify(path)}`));
      expect(lines.join('\n')).toMatch(refused);
    },
  );
});

const REQUIRE = "var a = require('a');\n";
const MADE = "const a = require('a');\n";

describe('what is searched', () => {
  test('is all that git tracks, and new files that are not ignored', async () => {
    const files = {
      '.gitignore': 'made/\n*.gen.js\n',
      '.storybook/main.js': REQUIRE,
      'made/tracked.js': REQUIRE,
      'a.gen.js': REQUIRE,
      ' lead.js': REQUIRE,
      'new\nline.js': REQUIRE,
      'it\'s "odd" $HOME `id`.js': REQUIRE,
      '-dash.js': REQUIRE,
      'bin/tool': `#!/usr/bin/env node\n${REQUIRE}`,
    };
    const folder = await repositoryOf(files);
    writeFileSync(join(folder, 'fresh.js'), REQUIRE);
    writeFileSync(join(folder, 'b.gen.js'), REQUIRE);
    expect(await codemod(folder, 'edit', GOAL)).toBe('made\t9\t9');
    for (const path of Object.keys(files).slice(1))
      expect([path, readFileSync(join(folder, path), 'utf8')]).toEqual([path, expect.stringContaining(MADE)]);
    expect(readFileSync(join(folder, 'b.gen.js'), 'utf8')).toBe(REQUIRE);
  });

  test('is read in its own encoding, and written back in it', async () => {
    const latin = (text: string): Buffer => Buffer.from(text, 'latin1');
    const wide = (text: string): Buffer => Buffer.from(`\ufeff${text}`, 'utf16le');
    const folder = await repositoryOf({
      'latin.js': latin(`// caf\xe9 \xa0\n${REQUIRE}`),
      'wide.js': wide(`// é\r\n${REQUIRE}`),
      'wide-be.js': wide(`// é\n${REQUIRE}`).swap16(),
    });
    expect(await codemod(folder, 'edit', GOAL)).toBe('made\t3\t3');
    expect(readFileSync(join(folder, 'latin.js'))).toEqual(latin(`// caf\xe9 \xa0\n${MADE}`));
    expect(readFileSync(join(folder, 'wide.js'))).toEqual(wide(`// é\r\n${MADE}`));
    expect(readFileSync(join(folder, 'wide-be.js'))).toEqual(wide(`// é\n${MADE}`).swap16());
    const other = await codemod(folder, 'edit', {
      ...GOAL,
      pattern: 'const $A = require($B)',
      rewrite: "const $A = f($B, 'ω')",
    });
    expect(other).toMatch(
      /^refused\t"latin\.js"\t2\tthe encoding of the file is not known, and the rewrite is not ASCII$/m,
    );
    expect(readFileSync(join(folder, 'latin.js'))).toEqual(latin(`// caf\xe9 \xa0\n${MADE}`));
  });

  test('and a file that may match and was not read is named', async () => {
    const folder = await repositoryOf({
      'a.js': REQUIRE,
      'README.md': '```js\nvar a =  require("a")\n```\n',
      'old.coffee': 'a = require "a"\n',
      'typed.ts': REQUIRE,
      'page.vue': `<template><p @click="b = require('b')"/></template>\n<script>\n${REQUIRE}</script>\n`,
      'big.js': `${REQUIRE}${'x();\n'.repeat(700_000)}`,
      'none.txt': 'var and require\n',
      'nul.js': `${REQUIRE}\0\u0001`,
      'other.bin': '\0\u0001',
    });
    expect((await codemod(folder, 'survey', GOAL)).split('\n').filter((line) => line.startsWith('unread'))).toEqual([
      'unread\t"README.md"\tnot javascript by its name',
      'unread\t"big.js"\tlarger than 3 MB',
      'unread\t"nul.js"\tbinary: it has NUL bytes',
      'unread\t"page.vue"\toutside of its <script>',
      'unread\t"typed.ts"\tnot javascript by its name',
    ]);
  });

  test('counts what it then rewrites, matches within matches too', async () => {
    const folder = await repositoryOf({ 'a.js': 'log(log(1), log(2));\n', 'b/c.js': 'log(3)\n' });
    const goal = { pattern: 'log($$$A)', rewrite: 'say($$$A)', lang: 'javascript' };
    expect(await codemod(folder, 'survey', goal)).toBe(
      ['folder\t1\t1\t"b/"', 'file\t1\t3\t"a.js"', 'language\t4\tJavaScript', 'total\t2\t4'].join('\n'),
    );
    expect(await codemod(folder, 'edit', goal)).toBe('made\t2\t4');
    expect(readFileSync(join(folder, 'a.js'), 'utf8')).toBe('say(say(1), say(2));\n');
    expect(await codemod(folder, 'list', goal)).toBe('total\t0\t0');
  });
});
