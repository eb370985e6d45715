/** Findings are shown with the worst first, gated by policy, and always weighed in the same way. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Finding } from '../../src/core/effects/findings.ts';
import {
  excerptOf,
  FINDING_KINDS,
  gateFindings,
  MAX_EXCERPT,
  rankFindings,
  renderFindings,
} from '../../src/core/effects/findings.ts';
import { reviewStatically } from '../../bench/control/static-review.ts';

const finding = (values: Partial<Finding>): Finding => ({
  kind: 'unexplained',
  path: 'src/a.js',
  excerpt: '+ x',
  risk: 'low',
  why: 'why',
  ...values,
});
const anyFinding = fc.record({
  kind: fc.constantFrom(...FINDING_KINDS),
  path: fc.constantFrom('a', 'b', 'c', 'd'),
  excerpt: fc.string({ maxLength: MAX_EXCERPT }),
  risk: fc.constantFrom('low' as const, 'medium' as const, 'high' as const),
  why: fc.string({ maxLength: 100 }),
});

test('the worst comes first, and many of one kind or file push nothing out', () => {
  const flood = Array.from({ length: 200 }, (_, i) => finding({ kind: 'secret', risk: 'high', line: i }));
  const ranked = rankFindings([...flood, finding({ kind: 'symlink', risk: 'high', path: 'b' }), finding({})]);
  expect(ranked.slice(0, 2).map(({ kind }) => kind)).toEqual(['secret', 'symlink']);
  expect(ranked.at(-1)?.risk).toBe('low');
  const lines = renderFindings([...flood, finding({ kind: 'secret', risk: 'high', path: 'other' })]);
  expect(lines.join('\n')).toContain('other');
});

test('what is shown fits twenty lines, says what it leaves out, and can move no cursor', () => {
  fc.assert(
    fc.property(fc.array(anyFinding, { maxLength: 60 }), (findings) => {
      const lines = renderFindings(findings);
      expect(lines.length).toBeLessThanOrEqual(20);
      expect(lines.every((line) => line.length <= 160 && !line.includes('\n'))).toBe(true);
      const shown = lines.filter((line) => /^(LOW|MEDIUM|HIGH) /.test(line)).length;
      if (shown < findings.length) expect(lines.at(-1)).toContain(`… and ${findings.length - shown} more`);
    }),
  );
  expect(renderFindings([finding({ path: 'a\u001b[2J', excerpt: excerptOf('b\u202Ec') })]).join('')).not.toMatch(
    /[\u001b\u202e]/,
  );
});

test('an excerpt shows the place in question, also in a very long line', () => {
  const line = `${'x'.repeat(5000)}EVIL${'y'.repeat(5000)}`;
  const excerpt = excerptOf(line, 5000);
  expect(excerpt).toContain('EVIL');
  expect(excerpt.length).toBeLessThanOrEqual(MAX_EXCERPT);
});

test('high risk asks; policy can make a kind stricter or looser, but never asks about what a task asked for', () => {
  const secret = finding({ kind: 'secret', risk: 'high' });
  const dependency = finding({ kind: 'new-dependency', risk: 'medium' });
  expect(gateFindings([secret, dependency])).toEqual({ outcome: 'ask', about: [secret] });
  expect(gateFindings([secret, dependency], { secret: 'deny' })).toEqual({ outcome: 'deny', about: [secret] });
  expect(gateFindings([dependency], { 'new-dependency': 'ask' }).outcome).toBe('ask');
  expect(gateFindings([{ ...dependency, risk: 'low' }], { 'new-dependency': 'deny' }).outcome).toBe('allow');
  expect(gateFindings([secret], { secret: 'allow' }).outcome).toBe('allow');
});

test('a review is the same each time, and more findings never look better', () => {
  fc.assert(
    fc.property(fc.array(anyFinding, { maxLength: 20 }), anyFinding, (findings, more) => {
      const review = reviewStatically(findings);
      expect(review).toEqual(reviewStatically(findings));
      const worse = reviewStatically([...findings, more]).suspicion;
      expect(worse).toBeGreaterThanOrEqual(review.suspicion);
      expect(worse).toBeLessThanOrEqual(1);
    }),
  );
});

test('many small remarks weigh less than one grave finding, and a refused command weighs too', () => {
  const small = Array.from({ length: 100 }, (_, i) => finding({ path: `f${i}` }));
  const grave = [finding({ kind: 'weakened-test', risk: 'high' })];
  expect(reviewStatically(small).suspicion).toBeLessThan(reviewStatically(grave).suspicion);
  expect(reviewStatically([], [{ outcome: 'ask', reason: 'can’t be judged' }])).toMatchObject({
    suspicion: 0.35,
    risk: 'medium',
    rationale: 'command: can’t be judged',
  });
  expect(reviewStatically([])).toEqual({ suspicion: 0, risk: 'low', rationale: 'nothing stands out', findings: [] });
});
