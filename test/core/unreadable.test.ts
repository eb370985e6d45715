/** A field that JSON names twice is found anywhere; a text that only looks like one is not. */
import { expect, test } from 'vitest';
import { findRepeatedField } from '../../src/core/unreadable.ts';

test.each([
  ['{"a": 1, "a": 2}', 'a'],
  ['{"a": {"b": [1, {"c": 1, "d": 2, "c": 3}]}}', 'c'],
  ['{"a": 1, "\\u0061": 2}', 'a'],
  ['{"a\\"": 1, "b": {}, "a\\"" : 2}', 'a"'],
  ['[{"a": 1}, {"a": 2}]', undefined],
  ['{"a": {"a": {"a": 1}}, "b": "a", "c": ["a", "a"]}', undefined],
  ['{"a": "\\"b\\": 1, \\"b\\": 2", "b": "{\\"b\\":"}', undefined],
  ['"a: b"', undefined],
  ['', undefined],
])('%s', (json, field) => {
  expect(findRepeatedField(json)).toBe(field);
});

test('a long text is searched at once', () => {
  const long = JSON.stringify({ a: 'x"\\'.repeat(500_000), b: 1 });
  expect(findRepeatedField(long)).toBeUndefined();
  expect(findRepeatedField(`${long.slice(0, -1)},"b":2}`)).toBe('b');
});
