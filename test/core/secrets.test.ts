/** Secrets are removed from texts by value, in each spelling in which a server may repeat what it received. */
import { expect, test } from 'vitest';
import { hideSecretValues } from '../../src/core/secrets.ts';

const KEY = 'k/y+of "ann"~0123456789';

test.each([
  ['as it is', KEY],
  ['URL-encoded', encodeURIComponent(KEY)],
  ['URL-encoded in small letters', encodeURIComponent(KEY).replace(/%../g, (code) => code.toLowerCase())],
  ['of a form', encodeURIComponent(KEY).replaceAll('%20', '+')],
  ['in JSON', JSON.stringify(KEY)],
  ['hexadecimal', Buffer.from(KEY).toString('hex')],
  ['base64', Buffer.from(KEY).toString('base64')],
  ['base64 for URLs', Buffer.from(KEY).toString('base64url')],
  ['base64 after a user', Buffer.from(`me:${KEY}`).toString('base64')],
  ['base64 after another user and before more', Buffer.from(`ann:${KEY}:more`).toString('base64')],
  ['base64 after a longer user', Buffer.from(`anna:${KEY}`).toString('base64url')],
])('a secret %s is gone', (_how, spelling) => {
  const clean = hideSecretValues(`a server said: ${spelling}, and more`, [KEY]);
  expect(clean).toContain('[hidden]');
  // The text around it in base64 stays, and shares a character with it at each end.
  for (let at = 0; at + 12 <= spelling.length; at += 1) expect(clean).not.toContain(spelling.slice(at, at + 12));
});

test.each(['Authorization: Bearer abcdef0123', 'Basic YW5uOnNlY3JldA==', 'ghp_abcdef012345', 'sk-abc***xyz'])(
  '%s is taken for a secret by its form',
  (text) => expect(hideSecretValues(text, [])).toMatch(/\[hidden\]$/),
);

test('text without secrets stays, and short values are not removed', () => {
  const text = 'git fetch failed: none of the none; bearer of news';
  expect(hideSecretValues(text, ['none', ''])).toBe(text);
});
