/** The picture of a terminal: each run of cells has its place, its width and its colours, and text stays text. */
import { expect, test } from 'vitest';
import { drawTerminal, readLine } from '../../bench/pictures/terminal-svg.ts';

const PLAIN = { color: undefined, back: undefined, bold: false, dim: false, inverse: false };

test('colours, bold, dim and inverse of a captured line become runs of cells, which the next line goes on with', () => {
  const { runs, style } = readLine('ab\u001b[1;32mcd\u001b[0m \u001b[38;5;3;7mé\u001b[27m');
  expect(runs).toEqual([
    { ...PLAIN, at: 0, text: 'ab' },
    { ...PLAIN, at: 2, text: 'cd', bold: true, color: '#7ed69a' },
    { ...PLAIN, at: 4, text: ' ' },
    { ...PLAIN, at: 5, text: 'é', color: '#f0b660', inverse: true },
  ]);
  expect(style).toEqual({ ...PLAIN, color: '#f0b660' });
});

test('markup in a screen is drawn as text, and what the picture shows is said in words', () => {
  const drawn = drawTerminal('<b>&\n\n', 10, 'a "title"');
  expect(drawn).toContain('>&lt;b>&amp;</text>');
  expect(drawn).toContain('aria-label="a &quot;title&quot;"');
  expect(drawn).toContain('viewBox="0 0 112 46"');
});
