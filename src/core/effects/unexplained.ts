/**
 * Lines of a change that nothing explains: no rename, no rewrite made in many places, no move.
 * Rule: these are findings of low risk, the most telling first. A refactor repeats itself, so what is done only once
 * stands out.
 */
import type { Effects, DiffHunk, DiffLine, Look } from './change.ts';
import { findAt, isAskedFor, isStillThere, wasThere } from './change.ts';
import type { Finding } from './findings.ts';

/** Most findings for one act. */
const MAX_REMARKS = 12;
/** Each further finding of a file weighs this much of the one before, so that no file pushes the others out. */
const FADE = 0.8;
/** An edit made this many times counts as the refactor itself. */
const OFTEN = 3;
/** Most new words of a line that add to its weight. */
const MAX_FRESH = 4;
/** Most lines of one act that are compared token by token. */
const MAX_LINES = 5000;

const TOKEN = /[A-Za-z_$][\w$]*|\d[\w.]*|(["'`])(?:\\.|(?!\1)[^\\])*\1|\s+|[^\s\w]/g;
const BLANK = /^\s*([{}()[\];,]*|\/\/.*|\*.*|\/\*.*|#.*|<!--.*-->)\s*$/;

/** The edit of one line. */
interface Edit {
  look: Look;
  line: DiffLine;
  removed: boolean;
  /** Equal for all lines that are edited in the same way. */
  signature: string;
}

/** The edits that remain when everything that repeats is taken away. */
export function detectUnexplained(effects: Effects): Finding[] {
  const edits = effects.looks.flatMap((look) => listTelling(look).flatMap((hunk) => listEdits(effects, look, hunk)));
  const counts = new Map<string, number>();
  for (const { signature } of edits) counts.set(signature, (counts.get(signature) ?? 0) + 1);
  const known = listKnownWords(effects);
  const weighed = edits
    .slice(0, MAX_LINES)
    .filter(({ signature }) => (counts.get(signature) ?? 0) < OFTEN)
    .map((edit) => ({ edit, weight: weigh(effects, known, edit) }))
    .filter(({ weight }) => weight > 0)
    .toSorted((a, b) => b.weight - a.weight);
  return fadeByFile(weighed)
    .slice(0, MAX_REMARKS)
    .map(({ edit: { look, line, removed } }) =>
      findAt(look, 'unexplained', 'low', removed ? 'gone, once' : 'done only here', {
        line,
        ...(removed ? { removed } : {}),
      }),
    );
}

interface Weighed {
  edit: Edit;
  weight: number;
}

/** The most telling first; each further edit of a file counts for less. */
function fadeByFile(weighed: readonly Weighed[]): Weighed[] {
  const turns = new Map<Look, number>();
  const faded = weighed.map(({ edit, weight }) => {
    const turn = turns.get(edit.look) ?? 0;
    turns.set(edit.look, turn + 1);
    return { edit, weight: weight * FADE ** turn };
  });
  return faded.toSorted((a, b) => b.weight - a.weight);
}

/** The lines that are not also among `others`, ignoring indentation. Each of the others explains one line. */
function without(lines: readonly DiffLine[], others: readonly DiffLine[]): DiffLine[] {
  const left = new Map<string, number>();
  for (const { text } of others) left.set(text.trim(), (left.get(text.trim()) ?? 0) + 1);
  return lines.filter(({ text }) => {
    const times = left.get(text.trim()) ?? 0;
    left.set(text.trim(), times - 1);
    return times <= 0;
  });
}

/** A file's hunks. If many lines only changed their indentation, that is the refactor, and these lines are left out. */
function listTelling({ hunks, added, removed }: Look): DiffHunk[] {
  const keptAdded = new Set(without(added, removed));
  const keptRemoved = new Set(without(removed, added));
  const before = new Set(removed.map(({ text }) => text));
  if (added.filter((line) => !keptAdded.has(line) && !before.has(line.text)).length < OFTEN) return hunks;
  return hunks.map((hunk) => ({
    removed: hunk.removed.filter((line) => keptRemoved.has(line)),
    added: hunk.added.filter((line) => keptAdded.has(line)),
  }));
}

function listEdits(effects: Effects, look: Look, { removed, added }: DiffHunk): Edit[] {
  // If a hunk has as many removed as added lines, they are paired in order. Otherwise each line counts as added or
  // removed.
  const isPaired = removed.length === added.length;
  const edits = added.flatMap((line, index): Edit[] => {
    if (BLANK.test(line.text) || wasThere(effects, line)) return [];
    const twin = isPaired ? removed[index] : undefined;
    const signature = twin ? signPair(twin.text, line.text) : `+${shapeOf(line.text)}`;
    return [{ look, line, removed: false, signature }];
  });
  if (isPaired) return edits;
  const gone = removed.flatMap((line): Edit[] =>
    BLANK.test(line.text) || isStillThere(effects, line)
      ? []
      : [{ look, line, removed: true, signature: `-${shapeOf(line.text)}` }],
  );
  return [...edits, ...gone];
}

/** Which tokens were replaced by which, in any order. */
function signPair(before: string, after: string): string {
  const [old, fresh] = [tokensOf(before), tokensOf(after)];
  const count = (tokens: readonly string[]): Map<string, number> => {
    const counts = new Map<string, number>();
    for (const token of tokens) counts.set(token, (counts.get(token) ?? 0) + 1);
    return counts;
  };
  const [was, is] = [count(old), count(fresh)];
  const lost = [...was].filter(([token, times]) => times > (is.get(token) ?? 0)).map(([token]) => token);
  const won = [...is].filter(([token, times]) => times > (was.get(token) ?? 0)).map(([token]) => token);
  return `${lost.toSorted().join(' ')} → ${won.toSorted().join(' ')}`;
}

function tokensOf(text: string): string[] {
  return (text.match(TOKEN) ?? []).filter((token) => token.trim() !== '');
}

/** The tokens of a line with strings and numbers blanked out, also numbers inside names. */
function shapeOf(text: string): string {
  return tokensOf(text)
    .map((token) => (/^["'`]/.test(token) ? 'S' : /^\d/.test(token) ? 'N' : token.replace(/\d+/g, 'N')))
    .join(' ');
}

/** Every word of the changed files as they were before. */
function listKnownWords({ looks }: Effects): ReadonlySet<string> {
  return new Set(looks.flatMap(({ change }) => change.oldText?.match(/[A-Za-z_$][\w$]*|\d[\w.]*/g) ?? []));
}

const TELLING: [RegExp, number][] = [
  [/\breturn\s+(true|false|null|undefined|this|next\(\))/, 3],
  [/\b(if|else if|unless|when|switch|case)\b|\?[^.?:]*:|&&|\|\|/, 2],
  [/===|!==|==|!=|\bin\b|\binstanceof\b|\bincludes\(|\bstartsWith\(|\bendsWith\(|\btest\(|\bmatch\(/, 1],
  [
    /\b(throw|raise|catch|except|assert|verify|check|valid\w*|auth\w*|permission|allow\w*|deny|trusted?|secure|admin|debug|bypass|skip)\b/i,
    2,
  ],
  [/\/(?![/*])(?:\\.|[^/\n])+\/[gimsuy]*/, 2],
  [/\b(Date|now|random|hostname|platform|argv|env)\b/, 2],
  [/=>|\bfunction\b|\bdef\b|\bclass\b/, 1],
];

/** How much in a line is new or decides something. More is more telling. */
function weigh({ context }: Effects, known: ReadonlySet<string>, { look, line, removed }: Edit): number {
  const sort = { code: 1, data: 0.6, test: 0.3, words: 0.15 }[look.sort];
  const words = line.text.match(/[A-Za-z_$][\w$]*|\d[\w.]*/g) ?? [];
  const fresh = new Set<string>();
  for (const word of removed ? [] : new Set(words)) {
    if (!known.has(word) && !isAskedFor(context, word)) fresh.add(word);
    if (fresh.size === MAX_FRESH) break;
  }
  const telling = TELLING.reduce((sum, [pattern, points]) => sum + (pattern.test(line.text) ? points : 0), 0);
  const literals = (line.text.match(/(["'`])(?:\\.|(?!\1)[^\\])*\1/g) ?? []).length;
  const novelty = removed ? 0 : fresh.size + Math.min(literals, 2);
  return (1 + telling + novelty) * sort;
}
