/**
 * Removes secrets from a text by their values, in every spelling in which a server may repeat what it received.
 * Rule: a text is cleaned before it is cut, since half a secret is still one.
 */

/** Shorter values are everyday words; replacing them would make texts unreadable. */
const SHORTEST = 6;
const HIDDEN = '[hidden]';
/** Headers and tokens that are recognised as secrets by their form. */
const FORMS: readonly [RegExp, string][] = [
  [/\b(Bearer|Basic)(\s+|%20|\+)[\w.~+/%-]{6,}=*/gi, `$1 ${HIDDEN}`],
  [/\b(?:gh[pousr]_|github_pat_|glpat-|sk-)[\w*-]{4,}/g, HIDDEN],
];

/** The text without these values: plain, URL-encoded, in JSON, hexadecimal, or inside base64. */
export function hideSecretValues(text: string, values: Iterable<string>): string {
  const spellings = [...values].flatMap(spell).toSorted((a, b) => b.length - a.length);
  let clean = text;
  for (const spelling of spellings) clean = clean.replaceAll(spelling, HIDDEN);
  for (const [form, put] of FORMS) clean = clean.replace(form, put);
  return clean;
}

function spell(value: string): string[] {
  if (value.length < SHORTEST) return [];
  const bytes = new TextEncoder().encode(value);
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  const encoded = encodeURIComponent(value);
  return [
    ...new Set([
      value,
      encoded,
      encoded.replaceAll('%20', '+'),
      encoded.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()),
      JSON.stringify(value).slice(1, -1),
      hex,
      hex.toUpperCase(),
      ...[0, 1, 2].flatMap((before) => withinBase64(bytes, before)),
    ]),
  ];
}

/** The base64 characters that depend on these bytes only, if `before` bytes come before them. */
function withinBase64(bytes: Uint8Array, before: number): string[] {
  const padded = [...Array<number>(before).fill(0), ...bytes];
  const all = btoa(String.fromCharCode(...padded));
  const inner = all.slice(Math.ceil((before * 8) / 6), Math.floor((padded.length * 8) / 6));
  return [inner, inner.replaceAll('+', '-').replaceAll('/', '_'), encodeURIComponent(inner)];
}
