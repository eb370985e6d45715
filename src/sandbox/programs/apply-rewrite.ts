/**
 * Rewrites all matches in a source's code, and drops rewrites that add syntax errors.
 * Rule: each match is either rewritten or refused with a reason.
 */
import type { Code, Errors } from './codemod-search.ts';
import { countErrors } from './codemod-search.ts';
import { findCompileError } from './compile-javascript.ts';
import type { Match, Piece, Template } from './rewrite-match.ts';
import { rewriteMatch } from './rewrite-match.ts';

/** A match that is not rewritten, and why. */
export interface Refused {
  start: number;
  reason: string;
}

/** The code after its rewrites. */
export interface Applied {
  text: string;
  made: number;
  refused: Refused[];
  /** Offsets of rewritten matches with code that the pattern does not name. */
  unnamed: number[];
  /** The code had syntax errors before the rewrites. */
  hadErrors: boolean;
}

interface Change {
  match: Match;
  pieces: Piece[];
  unnamed: boolean;
}

/** Missing tokens are counted up to this number: with more of them before, another one goes unnoticed. */
const MOST_ADDED = 20;
const ADDS_ERROR = 'the rewrite would add a syntax error';

/** Rewrites the matches of each code. */
export function applyAll(codes: readonly (Code & { matches: readonly Match[] })[], template: Template): Applied[] {
  const drafts = codes.map((code) => draft(code, template));
  const before = countErrors(codes, MOST_ADDED);
  const whole = drafts.map(({ changes }, index) => rendered(codes[index], changes));
  const afterAll = countErrors(whole);
  return drafts.map(({ changes, refused }, index) => {
    const [code, old] = [codes[index], before[index]];
    const fresh = old && old.added > 0 ? countErrors(whole.slice(index, index + 1), old.added + 1)[0] : afterAll[index];
    if (!code || !old || !fresh) throw new Error('a code has no errors counted');
    const grown = rendered(code, changes).text.length - code.text.length;
    const readable = isNoWorse(old, fresh, grown) ? changes : keepHarmless(code, changes, old);
    const { kept, refused: uncompiled } = keepCompiling(code, readable);
    const left = changes.filter((change) => !readable.includes(change));
    return {
      text: rendered(code, kept).text,
      made: kept.length,
      refused: [...refused, ...left.map(({ match }) => ({ start: match.start, reason: ADDS_ERROR })), ...uncompiled],
      unnamed: kept.filter(({ unnamed }) => unnamed).map(({ match }) => match.start),
      hadErrors: old.places > 0 || old.added > 0,
    };
  });
}

/** Rewrites each match separately, outer ones first. An inner match is refused if an outer rewrite changes its code. */
function draft(
  code: Code & { matches: readonly Match[] },
  template: Template,
): { changes: Change[]; refused: Refused[] } {
  const changes: Change[] = [];
  const refused: Refused[] = [];
  for (const match of code.matches) {
    const outer = changes.filter((change) => change.match.end > match.start);
    const result = rewriteMatch(template, code.text, match);
    if (result.kind === 'refused') refused.push({ start: match.start, reason: result.reason });
    else if (!outer.every(({ pieces }) => pieces.some((piece) => holds(piece, match))))
      refused.push({ start: match.start, reason: 'it lies within code that another match rewrites' });
    else changes.push({ match, pieces: result.pieces, unnamed: result.unnamed });
  }
  return { changes, refused };
}

function holds(piece: Piece, { start, end }: { start: number; end: number }): boolean {
  return typeof piece !== 'string' && piece.start <= start && end <= piece.end;
}

/** The code with these changes applied. */
function rendered(code: Code | undefined, changes: readonly Change[]): Code {
  if (!code) throw new Error('there is no such code');
  return { language: code.language, text: render(code.text, { start: 0, end: code.text.length }, changes) };
}

/** A part of the code with the changes in it applied. `changes` are in order, outer ones first. */
function render(text: string, part: { start: number; end: number }, changes: readonly Change[]): string {
  const rendered: string[] = [];
  let from = part.start;
  for (let index = 0; index < changes.length; ) {
    const change = changes[index];
    if (!change) break;
    index += 1;
    const inner: Change[] = [];
    for (let next = changes[index]; next && next.match.start < change.match.end; next = changes[index]) {
      inner.push(next);
      index += 1;
    }
    rendered.push(text.slice(from, change.match.start));
    for (const piece of change.pieces) {
      const own = typeof piece === 'string' ? [] : inner.filter(({ match }) => holds(piece, match));
      rendered.push(typeof piece === 'string' ? piece : render(text, piece, own));
    }
    from = change.match.end;
  }
  rendered.push(text.slice(from, part.end));
  return rendered.join('');
}

/** The changes that add no error by themselves; none if together they add one. */
function keepHarmless(code: Code, changes: readonly Change[], old: Errors): Change[] {
  const alone = changes.map((change) => rendered(code, [change]));
  const harmless = changes.filter((_, index) => {
    const grown = (alone[index]?.text.length ?? 0) - code.text.length;
    const [errors] = countErrors(alone.slice(index, index + 1), old.added + 1);
    return errors !== undefined && isNoWorse(old, errors, grown);
  });
  const together = rendered(code, harmless);
  const [errors] = countErrors([together], old.added + 1);
  return errors && isNoWorse(old, errors, together.text.length - code.text.length) ? harmless : [];
}

/** The changes with which Node still compiles the code: all, or else each that compiles with those before it. */
function keepCompiling(code: Code, changes: readonly Change[]): { kept: readonly Change[]; refused: Refused[] } {
  if (findCompileError(code, rendered(code, changes)) === undefined) return { kept: changes, refused: [] };
  const kept: Change[] = [];
  const refused: Refused[] = [];
  for (const change of changes) {
    const error = findCompileError(code, rendered(code, [...kept, change]));
    if (error === undefined) kept.push(change);
    else refused.push({ start: change.match.start, reason: `${ADDS_ERROR}: ${error}` });
  }
  return { kept, refused };
}

function isNoWorse(old: Errors, fresh: Errors, grown: number): boolean {
  return fresh.places <= old.places && fresh.bytes <= old.bytes + Math.max(grown, 0) && fresh.added <= old.added;
}
