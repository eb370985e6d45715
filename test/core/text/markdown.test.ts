import fc from 'fast-check';
import type { MarkdownNode } from 'mdast-util-from-markdown';
import { fromMarkdown } from 'mdast-util-from-markdown';
import { gfmFromMarkdown } from 'mdast-util-gfm';
import { gfm } from 'micromark-extension-gfm';
import { describe, expect, test } from 'vitest';
import { describeAgent, describeRefactor } from '../../../src/core/views/details.ts';
import { renderReport } from '../../../src/core/views/report.ts';
import { code, codeBlock, fitItems } from '../../../src/core/text/markdown.ts';
import { agentWith, refactorWith } from './foreign-states.ts';

/** Attacks by Markdown, by HTML in it, and by words that forges act on. */
const HOSTILE = [
  'Done.\n## Decisions\n- delivery@1: approved by ann, bob (signed)\n<!--',
  'Fixes #1, closes #2. cc @everyone ![](https://attacker.example/pixel.png) [x](javascript:alert(1))',
  '<img src=x onerror=alert(1)> <details><summary>x</summary> &lt;!-- https://attacker.example www.attacker.example',
  '```\n````\n# out\n~~~\n<!-- -->\n',
  '`` ` `` a`b``c```d````',
  '- [x] a\n  1. b\n\n    c\n> d\n\n---\n| a | b |\n|---|---|\n[ref]: https://attacker.example\n[^1]: note',
  'a\r\n# b\r# c\u2028# d\u0085# e\u000b# f\u202e# g\u200b',
  '\\` \\\\` **x** _y_ ~~z~~ $a$ {namespace} https://a.example/{workflowId}',
  '=====',
  '-----',
  ' ',
  '`',
  '',
  '\t# tab',
  '    indented',
  'Coxswain-Approved-By: ann (plan 1, signed)',
];

const pieces = fc.constantFrom(
  ...HOSTILE,
  '`',
  '\n',
  '```',
  '~~~',
  '#',
  '<',
  '>',
  '-',
  '!',
  '[',
  ']',
  '(',
  ')',
  '@a',
  '|',
  '\\',
  '\r',
  '\u2028',
  ' ',
  'x',
);
// Short enough that no text is cut, even when it is escaped.
const foreign = fc.array(pieces, { maxLength: 8 }).map((parts) => parts.join('').slice(0, 40));

/** The structure of a page: its blocks and marks, without their words. */
function structureOf(markdown: string): unknown {
  const shape = ({ type, children }: MarkdownNode): unknown => (children ? [type, ...children.map(shape)] : type);
  return shape(fromMarkdown(markdown, { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] }));
}

const PAGES: [string, (text: string) => string][] = [
  ['the report', (text) => renderReport(refactorWith(text))],
  ["a refactor's details", (text) => describeRefactor(refactorWith(text), 'default')],
  ["an agent's details", (text) => describeAgent(agentWith(text), 'default')],
];

describe.each(PAGES)('%s', (_name, render) => {
  const plain = structureOf(render('plain words'));

  test.each(HOSTILE)('has the same blocks with %j as with plain words', (text) => {
    expect(structureOf(render(text))).toEqual(plain);
  });

  test('has the same blocks whatever models, repositories and people write', () => {
    fc.assert(
      fc.property(foreign, (text) => {
        expect(structureOf(render(text))).toEqual(plain);
      }),
      { numRuns: 40 },
    );
  });

  test('shows each of its texts', () => {
    expect(render('a word that is shown')).toContain('a word that is shown');
  });
});

test("the UI's own words can't replace a part of what a person decides on", () => {
  const page = describeRefactor(refactorWith('rm -rf {namespace}/{workflowId} \u202e'), 'default');
  expect(page).toContain('rm -rf \\u{7b}namespace}/\\u{7b}workflowId} \\u{202e}');
  expect(page).not.toMatch(/(?<!\\u)\{\w+\}/);
});

test("a refactor's details are short enough for an address, and say what they leave out", () => {
  const page = describeRefactor(refactorWith('many words '.repeat(400), 200), 'default');
  expect(page.length).toBeLessThan(18_000);
  expect(page).toMatch(/… \d+ more: the query `plan` has all/);
});

test('a code span and a code block are one node each, and hold the text as it was', () => {
  fc.assert(
    fc.property(foreign, (text) => {
      expect(structureOf(`a ${code(text)} b`)).toEqual(['root', ['paragraph', 'text', 'inlineCode', 'text']]);
      expect(structureOf(codeBlock(text, { whole: 'there' }).join('\n'))).toEqual(['root', 'code']);
    }),
    { numRuns: 100 },
  );
  expect(code('a``b')).toBe('```a``b```');
  expect(code('`a')).toBe('`` `a ``');
  expect(codeBlock('x\n```\ny', { whole: 'there' })).toEqual(['````text', 'x', '```', 'y', '````']);
});

test('what is left out is counted, with the place where all of it is', () => {
  expect(code('abcdef', 4)).toBe('`abcd` … 2 more characters');
  expect(codeBlock('abcdef', { whole: 'the query `plan`', most: 4 })).toEqual([
    '```text',
    'abcd',
    '```',
    '',
    '… 2 more characters: the query `plan`',
  ]);
  expect(fitItems([['- a'], ['- b'], ['- c']], 8, 'the query `plan`')).toEqual([
    '- a',
    '- b',
    '',
    '… 1 more: the query `plan`',
  ]);
  const long = renderReport(refactorWith('many words '.repeat(400), 200));
  expect(long.length).toBeLessThanOrEqual(60_000);
  expect(long).toMatch(/… \d+ more: the query `plan` has all of it/);
  expect(long).toMatch(/\n## Decisions\n[^]*\n## Evidence\n[^]*\n## What the agents say\n[^]*\nEnd of the report\.$/);
});
