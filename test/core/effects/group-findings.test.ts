/** Many findings become few lines, none is dropped, and permits cover them by their bytes. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ruleOnEffects } from '../../../src/core/agent/gate-effects.ts';
import type { Finding } from '../../../src/core/effects/findings.ts';
import { FINDING_KINDS, findingKey } from '../../../src/core/effects/findings.ts';
import { clipFindings, listPermittedKeys } from '../../../src/core/effects/group-findings.ts';
import { policyOf } from '../builders.ts';

const BINARY: Finding = { kind: 'binary', path: 'a', excerpt: '', risk: 'high', why: '9 bytes that nobody can read' };
const SECRET: Finding = { ...BINARY, kind: 'secret', path: 'lib/keys.js', line: 3, excerpt: '+ key', why: 'a key' };
const binaries = (count: number, path: (index: number) => string): Finding[] =>
  Array.from({ length: count }, (_, index) => ({ ...BINARY, path: path(index), content: `100644 ${index}` }));

test('thousands of similar findings are one line, by kind and folder, and the one that differs stays', () => {
  const many = binaries(2843, (index) => `django/m${index % 300}/__pycache__/f${index}.pyc`);
  const { findings, more } = clipFindings([...many, SECRET]);
  expect(more).toBe(0);
  expect(findings).toHaveLength(2);
  const { lines } = ruleOnEffects(policyOf(), { outside: [], findings });
  expect(lines).toEqual([
    'HIGH secret lib/keys.js:3: a key',
    '    + key',
    'HIGH binary **/__pycache__/*.pyc: 2,843 files, as django/m0/__pycache__/f0.pyc: 9 bytes that nobody can read',
  ]);
});

test('a few findings stay single', () => {
  const few = binaries(5, (index) => `a/${index}.bin`);
  expect(clipFindings(few).findings).toEqual(few);
});

const anyFinding = fc.record({
  kind: fc.constantFrom(...FINDING_KINDS),
  path: fc.stringMatching(/^([a-d]{1,2}\/){0,3}[a-d]{1,3}\.(js|py)$/),
  excerpt: fc.string({ maxLength: 200 }),
  risk: fc.constantFrom('low' as const, 'medium' as const, 'high' as const),
  why: fc.string({ maxLength: 300 }),
  content: fc.stringMatching(/^[0-9a-f]{16}$/),
});

test('no finding of medium or high risk is dropped, and all of them fit into a history', () => {
  fc.assert(
    fc.property(fc.array(anyFinding, { maxLength: 300 }), (all) => {
      const { findings, more } = clipFindings(all);
      const counted = findings.reduce((sum, { count = 1 }) => sum + count, 0);
      expect(counted + more).toBe(all.length);
      const grave = all.filter(({ risk }) => risk !== 'low');
      const shown = findings.filter(({ risk }) => risk !== 'low');
      expect(shown.reduce((sum, { count = 1 }) => sum + count, 0)).toBe(grave.length);
      expect(new Set(shown.map(({ kind, risk }) => `${kind} ${risk}`))).toEqual(
        new Set(grave.map(({ kind, risk }) => `${kind} ${risk}`)),
      );
      expect(JSON.stringify(findings).length).toBeLessThan(32 * 1024);
      // A permit for the shown groups covers all of their members.
      const kept = listPermittedKeys(grave, new Set(shown.map(findingKey)));
      expect(grave.every((finding) => kept.has(findingKey(finding)))).toBe(true);
    }),
  );
});

test('a permit for a group covers neither other bytes nor one more finding of its sort', () => {
  const many = binaries(30, (index) => `a/${index}.bin`);
  const kept = new Set(clipFindings(many).findings.map(findingKey));
  expect(listPermittedKeys(many, kept).size).toBe(30);
  const other = many.map((finding, index) => (index === 7 ? { ...finding, content: '100644 other' } : finding));
  expect(listPermittedKeys(other, kept).size).toBe(0);
  expect(listPermittedKeys([...many, { ...BINARY, path: 'a/more.bin', content: '100644 x' }], kept).size).toBe(0);
});
