/**
 * The words of a command line, as far as they are known before it runs.
 * Rule: what only the shell knows becomes DYNAMIC, never a guess. Only `$HOME`, braces without expansions, and
 * variables that the line itself sets once are expanded.
 */
import type { Word, WordPart } from 'unbash';
import { DYNAMIC } from './facts.ts';

/** Values of the variables that the line sets exactly once, to known text. */
export type Known = ReadonlyMap<string, string>;

export interface ReadWord {
  text: string;
  /** All of it is known, and the shell makes exactly one word of it: no glob, brace or expansion. */
  literal: boolean;
}

/** Most words that one word's braces may expand to; with more, the word is DYNAMIC. */
const MAX_BRACED = 32;

/** The text of a word. `known` variables are filled in, but the word is then not literal. */
export function readWord(word: Word, known: Known): ReadWord {
  if (!word.parts) return { text: word.value, literal: true };
  const parts = word.parts.map((part, index) => readPart(part, known, index === 0));
  return { text: parts.map(({ text }) => text).join(''), literal: parts.every(({ literal }) => literal) };
}

function readPart(part: WordPart, known: Known, isFirst: boolean): ReadWord {
  switch (part.type) {
    case 'Literal':
    case 'SingleQuoted':
    case 'AnsiCQuoted':
      return { text: part.value, literal: true };
    case 'DoubleQuoted':
    case 'LocaleString': {
      const inner = part.parts.map((child, index) => readPart(child, known, isFirst && index === 0));
      return { text: inner.map(({ text }) => text).join(''), literal: inner.every(({ literal }) => literal) };
    }
    case 'Glob':
      return { text: part.text, literal: false };
    case 'BraceExpansion':
      return { text: part.parts ? DYNAMIC : part.text, literal: false };
    case 'SimpleExpansion':
      return { text: valueOf(part.text.slice(1), known, isFirst), literal: false };
    case 'ParameterExpansion': {
      const isPlain = part.prefix === undefined && part.index === undefined && part.operation === undefined;
      return { text: isPlain ? valueOf(part.parameter, known, isFirst) : DYNAMIC, literal: false };
    }
    default:
      return { text: DYNAMIC, literal: false };
  }
}

function valueOf(name: string, known: Known, isFirst: boolean): string {
  if (name === 'HOME' && isFirst) return '~';
  return known.get(name) ?? DYNAMIC;
}

/** Expands braces: `a/{b,c}` becomes `a/b` and `a/c`. */
export function expandBraces(text: string): string[] {
  const done: string[] = [];
  const open = [text];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const match = /\{([^{},]*(?:,[^{},]*)+)\}/.exec(next);
    if (match === null) done.push(next);
    else {
      const [before, after] = [next.slice(0, match.index), next.slice(match.index + match[0].length)];
      open.push(...(match[1] ?? '').split(',').map((one) => `${before}${one}${after}`));
    }
    if (done.length + open.length > MAX_BRACED) return [DYNAMIC];
  }
  return done.toReversed();
}
