/**
 * Cuts patterns, rewrites and matched code into tokens, in the same way for every language.
 * Rule: pure and on byte strings (latin1); knows comments, quotes and words, and leaves grammar to the parser.
 */

/** One token: a metavariable's name, or text. `before` is the white space between the previous token and this one. */
export interface Token {
  kind: 'var' | 'hole' | 'comment' | 'text';
  text: string;
  before: string;
  start: number;
  end: number;
}

/** The part of matched code that a metavariable captured. */
export interface Capture {
  /** With its dollar signs, as the pattern has it. */
  name: string;
  start: number;
  end: number;
}

/** `$A` and `$$$A` capture; `$_`, `$_A` and `$$$` stand for anything and capture nothing. */
const METAVARIABLE = /\$\$\$(?:[A-Z_][A-Z0-9_]*)?|\$\$?[A-Z_][A-Z0-9_]*/y;
/** Bytes above ASCII count as letters. */
const WORD = /[\w\x80-\xff]+/y;
/** Only ASCII white space: bytes above ASCII count as letters. */
const SPACE = /[ \t\r\n\f\v]+/y;
const QUOTED = /"""[^]*?"""|'''[^]*?'''|"(?:[^"\\\n]|\\[^])*"|'(?:[^'\\\n]|\\[^])*'|`(?:[^`\\]|\\[^])*`/y;
const SLASH_COMMENT = /\/\/[^\r\n]*|\/\*[^]*?\*\//y;
const HASH_COMMENT = /#[^\r\n]*/y;
const DASH_COMMENT = /--[^\r\n]*/y;

/** Comments by language; in all other languages they begin with `//` or `/*`. */
const COMMENTS: Record<string, readonly RegExp[]> = {
  python: [HASH_COMMENT],
  ruby: [HASH_COMMENT],
  bash: [HASH_COMMENT],
  elixir: [HASH_COMMENT],
  yaml: [HASH_COMMENT],
  nix: [HASH_COMMENT, SLASH_COMMENT],
  hcl: [HASH_COMMENT, SLASH_COMMENT],
  php: [HASH_COMMENT, SLASH_COMMENT],
  lua: [DASH_COMMENT],
  haskell: [DASH_COMMENT],
};

/** The tokens of a pattern or a rewrite. */
export function readTemplate(text: string): Token[] {
  const tokens: Token[] = [];
  let from = 0;
  const lex = (to: number): void => void tokens.push(...lexText(text, from, to, []));
  for (let at = text.indexOf('$'); at >= 0; at = text.indexOf('$', at)) {
    const name = matchAt(METAVARIABLE, text, at);
    if (name === undefined) {
      at += 1;
      continue;
    }
    lex(at);
    const kind = /^\$+(?:_|$)/.test(name) ? 'hole' : 'var';
    // `$$A` captures as `$A` does, but unnamed nodes of the syntax tree too.
    const plain = name.replace(/^\$\$(?=[^$])/, '$');
    tokens.push({ kind, text: plain, before: '', start: at, end: at + name.length });
    at += name.length;
    from = at;
  }
  lex(text.length);
  return setSpaces(tokens, text, 0);
}

/** The tokens of the code between two offsets; each capture is one token. */
export function readCode(
  code: string,
  start: number,
  end: number,
  captures: readonly Capture[],
  language: string,
): Token[] {
  const comments = COMMENTS[language.toLowerCase()] ?? [SLASH_COMMENT];
  const tokens: Token[] = [];
  let from = start;
  for (const { name, ...range } of captures.toSorted((a, b) => a.start - b.start || a.end - b.end)) {
    tokens.push(...lexText(code, from, range.start, comments));
    tokens.push({ kind: 'var', text: name, before: '', ...range });
    from = range.end;
  }
  tokens.push(...lexText(code, from, end, comments));
  return setSpaces(tokens, code, start);
}

function setSpaces(tokens: Token[], text: string, start: number): Token[] {
  let from = start;
  return tokens.map((token) => {
    const before = text.slice(from, token.start);
    from = token.end;
    return { ...token, before };
  });
}

function lexText(text: string, start: number, end: number, comments: readonly RegExp[]): Token[] {
  const tokens: Token[] = [];
  const part = text.slice(0, end);
  let at = start;
  while (at < end) {
    const space = matchAt(SPACE, part, at);
    if (space !== undefined) {
      at += space.length;
      continue;
    }
    const comment = comments.map((form) => matchAt(form, part, at)).find((found) => found !== undefined);
    const found = comment ?? matchAt(WORD, part, at) ?? matchAt(QUOTED, part, at) ?? part.charAt(at);
    const kind = comment === undefined ? 'text' : 'comment';
    tokens.push({ kind, text: found, before: '', start: at, end: at + found.length });
    at += found.length;
  }
  return tokens;
}

function matchAt(form: RegExp, text: string, at: number): string | undefined {
  form.lastIndex = at;
  return form.exec(text)?.[0];
}
