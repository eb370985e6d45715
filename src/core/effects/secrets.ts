/**
 * Finds what looks like a key, a token or a password in added lines.
 * Rule: known formats are found anywhere. A random-looking value counts only next to a name that says it is a secret,
 * so that hashes and fixtures pass.
 */
import type { Effects, DiffLine, Look } from './change.ts';
import { findAt, wasThere } from './change.ts';
import type { Finding } from './findings.ts';
import { isLockfile } from './dependencies.ts';

const KNOWN: [string, RegExp][] = [
  ['an AWS access key', /\b(AKIA|ASIA|AGPA|AROA|AIDA)(?!\w*EXAMPLE)[A-Z0-9]{16}\b/],
  ['a GitHub token', /\b(gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{40,})\b/],
  ['a GitLab token', /\bglpat-[\w-]{20,}/],
  ['a private key', /-----BEGIN ([A-Z]+ )*PRIVATE KEY( BLOCK)?-----/],
  ['a Slack token', /\bxox[abeoprs]-[\w-]{10,}|hooks\.slack\.com\/services\/T\w+\/B\w+\/\w+/],
  ['a Stripe key', /\b[rs]k_live_[A-Za-z0-9]{20,}/],
  ['a Google key', /\bAIza[\w-]{35}\b/],
  ['a npm token', /\bnpm_[A-Za-z0-9]{36}\b|_authToken\s*=\s*(?!\$)[\w-]{16,}/],
  ['a PyPI token', /\bpypi-AgEIcHlwaS5vcmc[\w-]{20,}/],
  ['a model provider’s key', /\bsk-(ant-|proj-|svcacct-)?[A-Za-z0-9_-]{32,}/],
  ['a SendGrid key', /\bSG\.[\w-]{16,}\.[\w-]{16,}/],
  ['a web token', /\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}/],
  [
    'a password in an address',
    /\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@"'$<{]+:(?!(pass(word)?|secret|x+|\*+|pw|example)@)[^\s/:@"'$<{]{3,}@/i,
  ],
];
const NAMED =
  /(?:secret|token|passw(?:or)?d|passwd|api[_-]?key|access[_-]?key|auth|credential|private[_-]?key|client[_-]?secret|_key|Key)["'\]]?\s*(?::=|=>|[:=])\s*(?<quote>["'`]?)(?<value>[A-Za-z0-9+/=_.~-]{16,})\k<quote>/i;
/** A value that stands for a secret and is none. */
const PLACEHOLDER =
  /example|sample|dummy|placeholder|changeme|your|xxx|fake|test|todo|redacted|not[-_]?a|^[a-z]+([._-][a-z]+)*$|^[A-Z]+(_[A-Z]+)*$|\bprocess\.|\benv\./i;
/** Bits per character. Words and identifiers stay below; random text of this length is above. */
const MIN_ENTROPY = 3.6;

/** Secrets in added lines. */
export function detectSecrets(effects: Effects): Finding[] {
  return effects.looks.flatMap((look) =>
    look.added.flatMap((line) => {
      if (wasThere(effects, line)) return [];
      const known = KNOWN.map(([what, pattern]) => ({ what, at: line.text.search(pattern) })).find(({ at }) => at >= 0);
      if (known) return [findAt(look, 'secret', 'high', `it looks like ${known.what}`, { line, at: known.at })];
      return isLockfile(look.change.path) ? [] : detectNamed(look, line);
    }),
  );
}

function detectNamed(look: Look, line: DiffLine): Finding[] {
  const found = NAMED.exec(line.text);
  const value = found?.groups?.['value'] ?? '';
  // In code a value has quotes; without quotes it is a name.
  const isName = look.sort !== 'data' && look.sort !== 'words' && !found?.groups?.['quote'];
  if (!found || isName || PLACEHOLDER.test(value) || !/\d/.test(value) || !/[A-Za-z]/.test(value)) return [];
  if (entropyOf(value) < MIN_ENTROPY) return [];
  const risk = look.sort === 'test' || look.sort === 'words' ? 'medium' : 'high';
  return [findAt(look, 'secret', risk, 'its name and its look are those of a secret', { line, at: found.index })];
}

function entropyOf(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  return [...counts.values()].reduce((sum, count) => sum - (count / text.length) * Math.log2(count / text.length), 0);
}
