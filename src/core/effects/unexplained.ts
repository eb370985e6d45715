/**
 * The lines of a change that nothing explains: not a rename, not a rewrite that is made in many places, not a move.
 * Rule: these are remarks of low risk for whoever looks anyway, the most telling first; a refactor repeats itself, so
 * what is done once stands out.
 */
import type { Effects, DiffHunk, DiffLine, Look } from './change.ts';
import { findAt, isAskedFor, isStillThere, wasThere } from './change.ts';
import type { Finding } from './findings.ts';

/** Remarks of one act. */
const MAX_REMARKS = 12;
/** What one more remark of a file says, compared with the one before: no file pushes the others out. */
const FADE = 0.8;
/** Times that an edit is made before it counts as the refactor itself. */
const OFTEN = 3;
/** New words of a line that make it more telling. */
const MAX_FRESH = 4;
/** Lines of one act that are compared token by token. */
const MAX_LINES = 5000;

const TOKEN = /[A-Za-z_$][\w$]*|\d[\w.]*|(["'`])(?:\\.|(?!\1)[^\\])*\1|\s+|[^\s\w]/g;
const BLANK = /^\s*([{}()[\];,]*|\/\/.*|\*.*|\/\*.*|#.*|<!--.*-->)\s*$/;

/** One line's edit: what stood there before, if anything. */
interface Edit {
  look: Look;
  line: DiffLine;
  removed: boolean;
  /** The same for every line that is edited in the same way. */
  signature: string;
}

/** What is left when everything that repeats is taken away. */
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

/** The most telling first, where each further one of a file counts for less. */
function fadeByFile(weighed: readonly Weighed[]): Weighed[] {
  const turns = new Map<Look, number>();
  const faded = weighed.map(({ edit, weight }) => {
    const turn = turns.get(edit.look) ?? 0;
    turns.set(edit.look, turn + 1);
    return { edit, weight: weight * FADE ** turn };
  });
  return faded.toSorted((a, b) => b.weight - a.weight);
}

/** The lines that are not also among the others, whatever their indentation; each of those explains one. */
function without(lines: readonly DiffLine[], others: readonly DiffLine[]): DiffLine[] {
  const left = new Map<string, number>();
  for (const { text } of others) left.set(text.trim(), (left.get(text.trim()) ?? 0) + 1);
  return lines.filter(({ text }) => {
    const times = left.get(text.trim()) ?? 0;
    left.set(text.trim(), times - 1);
    return times <= 0;
  });
}

/** A file's hunks without lines that only got another indentation, if there are so many that this is the refactor. */
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
  // Lines of a hunk are paired in order; what is left over was only added or only removed.
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

/** Which tokens became which others; where they stand does not matter. */
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

/** A line with its texts and numbers blanked out, also those that end names. */
function shapeOf(text: string): string {
  return tokensOf(text)
    .map((token) => (/^["'`]/.test(token) ? 'S' : /^\d/.test(token) ? 'N' : token.replace(/\d+/g, 'N')))
    .join(' ');
}

/** Every word of the files as they were. */
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

/** How much a line says that nobody has seen before. */
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
