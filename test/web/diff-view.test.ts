/** A difference by files: where a line is follows from the hunks' own counts, whatever the lines contain. */
import { expect, test } from 'vitest';
import { renderDiff, splitFiles } from '../../src/web/diff-view.ts';

const TRICKY = `diff --git a/a.txt b/a.txt
index 1..2 100644
--- a/a.txt
+++ b/a.txt
@@ -2,2 +2,4 @@ head
 same
+diff --git a/x b/x
++++ b/harmless.txt
+@@ -1 +1 @@
-- a/old
diff --git "a/\\303\\244.bin" "b/\\303\\244.bin"
new file mode 100644
Binary files /dev/null and "b/\\303\\244.bin" differ
`;

test('content that looks like the head of another file stays in its own', () => {
  const files = splitFiles(TRICKY);
  expect(files.map(({ path }) => path)).toEqual(['a.txt', '"\\303\\244.bin"']);
  expect(files[0]?.lines.slice(1)).toEqual([
    { kind: 'same', text: ' same', at: 2 },
    { kind: 'add', text: '+diff --git a/x b/x', at: 3 },
    { kind: 'add', text: '++++ b/harmless.txt', at: 4 },
    { kind: 'add', text: '+@@ -1 +1 @@', at: 5 },
    { kind: 'remove', text: '-- a/old', at: 6 },
  ]);
});

test('a finding marks its line and stands at its file', async () => {
  const shown = (
    await renderDiff(TRICKY, 'HIGH secret a.txt:4: a key\n    b/harmless\nLOW code b.txt: other')
  ).toString();
  expect(shown).toContain('<p class="wrong">HIGH secret a.txt:4: a key</p>');
  expect(shown).toContain('<span class="add found">++++ b/harmless.txt</span>');
  expect(shown.match(/found/g)).toHaveLength(1);
});

test('files with findings come first, so that none of them is left out where a difference is too long', async () => {
  const fileOf = (path: string, lines: number): string =>
    `diff --git a/${path} b/${path}\n--- a/${path}\n+++ b/${path}\n@@ -0,0 +1,${lines} @@\n${'+x\n'.repeat(lines)}`;
  const text = `${fileOf('a.txt', 3990)}${fileOf('b.txt', 20)}${fileOf('c.txt', 2)}`;
  const shown = (await renderDiff(text, 'HIGH secret b.txt:2: a key')).toString();
  expect(shown.match(/<summary>\S+/g)).toEqual(['<summary>b.txt', '<summary>c.txt']);
  expect(shown).toContain('1 more files are too long for this page');
});
