/**
 * Rewrites one match of a pattern. Tokens that pattern and rewrite share keep their bytes in the code.
 * Rule: pure and on byte strings; code that the pattern does not name (a semicolon, a comment, a second declarator)
 * stays where it is, and if it can't stay, the match is refused with the reason.
 */
import { alignTokens, isPunctuation, pairTokens } from './align-tokens.ts';
import type { Span } from './align-tokens.ts';
import type { Capture, Token } from './template-tokens.ts';
import { readCode, readTemplate } from './template-tokens.ts';

/** A match in the code of one file. */
export interface Match extends Span {
  captures: readonly Capture[];
  language: string;
  /** The file's line break: `\n` or `\r\n`. */
  lineEnd: string;
}

/** New text, or a part of the code that stays as it is. */
export type Piece = string | Span;

export type Rewritten =
  | { kind: 'ok'; pieces: Piece[]; unnamed: boolean }
  /** Why the match can't be rewritten without losing something. */
  | { kind: 'refused'; reason: string };

/** A pattern and its rewrite, read once. */
export interface Template {
  pattern: Token[];
  rewrite: Token[];
  pairs: [number, number][];
}

/** Reads a pattern and its rewrite, given as byte strings. */
export function readTemplates(pattern: string, rewrite: string): Template {
  const [from, to] = [readTemplate(pattern), readTemplate(rewrite)];
  return { pattern: from, rewrite: to, pairs: pairTokens(from, to) };
}

/** Starts of a line that continue the line before it, in languages where a line break may end a statement. */
const JOINS = /^(?:\s|\/\/[^\n]*\n|\/\*[^]*?\*\/)*[([`/+*.,<-]/;

/** Rewrites one match. */
export function rewriteMatch(template: Template, code: string, match: Match): Rewritten {
  const { pattern, rewrite, pairs } = template;
  const found = readCode(code, match.start, match.end, match.captures, match.language);
  const repeats = new Map(
    match.captures.map(({ name, start, end }) => [name, readCode(code, start, end, [], match.language)]),
  );
  const spans = alignTokens(pattern, found, repeats);
  if (!spans) return { kind: 'refused', reason: 'its text could not be lined up with the pattern' };
  const place = new Place(code, match);
  const unnamed = found.some(
    (token) =>
      token.kind === 'text' &&
      !isPunctuation(token.text) &&
      !spans.some(({ start, end }) => start <= token.start && token.end <= end),
  );
  const pieces: Piece[] = [];
  let [row, column, from] = [0, 0, match.start];
  for (const [nextRow, nextColumn] of [...pairs, [pattern.length, rewrite.length] as const]) {
    const next = spans[nextRow] ?? { start: match.end, end: match.end };
    const between = place.between({
      gaps: readGaps(spans.slice(row, nextRow), from, next.start),
      deleted: pattern.slice(row, nextRow),
      inserted: rewrite.slice(column, nextColumn),
      after: { pattern: pattern[nextRow]?.before ?? '', rewrite: rewrite[nextColumn]?.before ?? '' },
    });
    if (between === undefined)
      return { kind: 'refused', reason: 'a comment or code that the pattern does not name stands where it would go' };
    pieces.push(...between);
    pieces.push(...place.keep(next, rewrite[nextColumn], pattern[nextRow]));
    [row, column, from] = [nextRow + 1, nextColumn + 1, next.end];
  }
  const text = joinPieces(pieces);
  if (rewrite.length > 0 && place.losesItsEnd(text))
    return { kind: 'refused', reason: 'without its semicolon it would run into the next line' };
  return { kind: 'ok', pieces: text, unnamed };
}

/** The spans of code before, between and after the deleted tokens. */
function readGaps(deleted: readonly Span[], from: number, to: number): Span[] {
  const edges = [from, ...deleted.flatMap(({ start, end }) => [start, end]), to];
  return deleted
    .map((_, index) => index)
    .concat(deleted.length)
    .map((index) => ({ start: edges[index * 2] ?? to, end: edges[index * 2 + 1] ?? to }));
}

/** What lies between two tokens that stay. */
interface Between {
  gaps: readonly Span[];
  deleted: readonly Token[];
  inserted: readonly Token[];
  /** White space before the second of these tokens, in the pattern and in the rewrite. */
  after: { pattern: string; rewrite: string };
}

/** The code around a match, and the layout of new text there. */
class Place {
  readonly #code: string;
  readonly #match: Match;
  readonly #indent: string;

  constructor(code: string, match: Match) {
    this.#code = code;
    this.#match = match;
    this.#indent = this.#indentAt(match.start);
  }

  /** The pieces between two tokens that stay; undefined if code that the pattern does not name would be lost. */
  between({ gaps, deleted, inserted: wanted, after }: Between): Piece[] | undefined {
    const [first = { start: 0, end: 0 }] = gaps;
    const last = gaps.at(-1) ?? first;
    // Punctuation that follows already is not inserted again.
    const inserted = this.#isDouble(last, wanted.at(-1)?.text) ? wanted.slice(0, -1) : wanted;
    if (inserted.length < wanted.length && inserted.length === 0 && deleted.length === 0) return [first];
    if (inserted.length === 0 && deleted.length === 0) {
      return after.pattern === after.rewrite || this.#holdsMore(first) ? [first] : [this.#space(after.rewrite)];
    }
    if (gaps.slice(1, -1).some((gap) => this.#holdsMore(gap))) return undefined;
    if (inserted.length === 0) return this.#deletion(first, last, deleted, after);
    const isReplaced = deleted.length > 0;
    const before = { pattern: deleted[0]?.before ?? after.pattern, rewrite: inserted[0]?.before ?? '' };
    if (isReplaced) {
      const even = deleted.length === inserted.length;
      return [...this.#side(first, before, even), ...this.#insert(inserted), ...this.#side(last, after, even)];
    }
    return this.#insertion(first, inserted, before, after);
  }

  /** A token that stays, with its lines indented anew if the rewrite puts it on a line of its own. */
  keep(span: Span, token: Token | undefined, was: Token | undefined): Piece[] {
    if (token?.kind !== 'var' || !token.before.includes('\n') || token.before === was?.before) return [span];
    const text = this.#code.slice(span.start, span.end);
    const old = this.#indentAt(span.start);
    const fresh = this.#space(token.before).replace(/^[^]*\n/, '');
    const isFirst = this.#code.slice(this.#code.lastIndexOf('\n', span.start - 1) + 1, span.start) === old;
    if (!isFirst || old === fresh || !text.includes('\n') || /`|"""|'''/.test(text)) return [span];
    return [
      text.replace(/\n([ \t]*)(?=[^ \t\r\n])/g, (line, indent: string) =>
        indent.startsWith(old) ? `\n${fresh}${indent.slice(old.length)}` : line,
      ),
    ];
  }

  /** Whether the new text lacks a semicolon that the code had before a line which would otherwise continue it. */
  losesItsEnd(pieces: readonly Piece[]): boolean {
    const { start, end } = this.#match;
    const last = pieces.map((piece) => (typeof piece === 'string' ? piece : this.#code.slice(piece.start, piece.end)));
    const [old, fresh] = [this.#code.slice(start, end), last.join('')].map((text) => text.trimEnd());
    return (
      old?.endsWith(';') === true && fresh?.endsWith(';') === false && JOINS.test(this.#code.slice(end, end + 2000))
    );
  }

  #deletion(first: Span, last: Span, deleted: readonly Token[], after: Between['after']): Piece[] {
    const isAll = last.end === this.#match.end && first.start === this.#match.start;
    // The whole statement is deleted, so its punctuation is deleted too.
    if (isAll) return [...(this.#holdsMore(first) ? [first] : []), this.#text(last).replace(/^\s*[;,]/, '')];
    const more = [first, last].filter((gap, index) => this.#holdsMore(gap) && (index === 0 || last !== first));
    if (more.length > 0) return more;
    if (after.rewrite === (deleted[0]?.before ?? '')) return [first];
    return after.rewrite === after.pattern ? [last] : [this.#space(after.rewrite)];
  }

  #insertion(gap: Span, inserted: readonly Token[], before: Between['after'], after: Between['after']): Piece[] {
    if (this.#holdsMore(gap)) {
      const space = /^[ \t\r\n]/.test(this.#text(gap)) || gap.end === this.#match.end ? '' : this.#space(after.rewrite);
      return [this.#space(before.rewrite), ...this.#insert(inserted), space, gap];
    }
    if (before.rewrite === after.pattern) return [gap, ...this.#insert(inserted), this.#space(after.rewrite)];
    if (after.rewrite === after.pattern) return [this.#space(before.rewrite), ...this.#insert(inserted), gap];
    return [this.#space(before.rewrite), ...this.#insert(inserted), this.#space(after.rewrite)];
  }

  /** Whether the new text ends with punctuation that already follows the match. */
  #isDouble(gap: Span, last: string | undefined): boolean {
    if (gap.end !== this.#match.end || !isPunctuation(last)) return false;
    const rest = this.#text(gap) + this.#code.slice(this.#match.end, this.#match.end + 200);
    return rest.trimStart().charAt(0) === last;
  }

  /** The white space on one side of replaced tokens. */
  #side(gap: Span, space: Between['after'], isEven: boolean): Piece[] {
    if (this.#holdsMore(gap)) return [gap];
    const stays = space.pattern === space.rewrite && (isEven || !this.#text(gap).includes('\n'));
    return stays ? [gap] : [this.#space(space.rewrite)];
  }

  /** Whether a gap contains more than white space. */
  #holdsMore(gap: Span): boolean {
    return /[^ \t\r\n\f\v]/.test(this.#text(gap));
  }

  #insert(tokens: readonly Token[]): Piece[] {
    return tokens.flatMap((token, index): Piece[] => [
      ...(index === 0 ? [] : [this.#space(token.before)]),
      ...this.#write(token),
    ]);
  }

  #write({ kind, text }: Token): Piece[] {
    if (kind !== 'var') return [this.#space(text)];
    const captured = this.#match.captures.find(({ name }) => name === text);
    return captured ? [this.#text(captured)] : [];
  }

  /** Text of the rewrite with the file's line breaks and the match's indentation. */
  #space(text: string): string {
    const { lineEnd } = this.#match;
    return text.replace(/\r?\n(?=(\r?\n)?)/g, (_, blank?: string) => `${lineEnd}${blank ? '' : this.#indent}`);
  }

  #text({ start, end }: Span): string {
    return this.#code.slice(start, end);
  }

  #indentAt(offset: number): string {
    const lineStart = this.#code.lastIndexOf('\n', offset - 1) + 1;
    return /^[ \t]*/.exec(this.#code.slice(lineStart, offset))?.[0] ?? '';
  }
}

/** Joins adjacent texts and adjacent parts of the code. */
function joinPieces(pieces: readonly Piece[]): Piece[] {
  const joined: Piece[] = [];
  for (const piece of pieces) {
    const last = joined.at(-1);
    if (typeof piece === 'string') {
      if (piece === '') continue;
      if (typeof last === 'string') joined[joined.length - 1] = last + piece;
      else joined.push(piece);
    } else if (piece.start === piece.end) continue;
    else if (last !== undefined && typeof last !== 'string' && last.end === piece.start)
      joined[joined.length - 1] = { start: last.start, end: piece.end };
    else joined.push(piece);
  }
  return joined;
}
