/**
 * Finds words for guarding something that disappear from code: `check`, `auth`, `valid` and similar ones.
 * Rule: it counts also if the word disappears everywhere, as a refactor might do it. A word that the task names, that
 * moves, or that another such word replaces is not a finding.
 */
import type { Effects, DiffLine, Look } from './change.ts';
import { findAt, isAskedFor, isStillThere } from './change.ts';
import type { Finding } from './findings.ts';

const IDENTIFIER = /[A-Za-z_$][\w$]*/g;
const PART = /[A-Z]+(?![a-z])|[A-Z]?[a-z]+/g;
const GUARDS =
  /^(checks?|checked|auth|authori[sz]ed?|authenticated?|valid|validates?|validated|verify|verifies|verified|permissions?|permit|permitted|allowed|den(y|ied)|forbidden|ensures?|guards?|saniti[sz]ed?|csrf|trusted|secure|admin)$/i;
const COMMENT = /^\s*(\/\/|#(?!!)|\*|\/\*|<!--)/;

/** The guard words that are gone, each once per file. */
export function detectLostChecks(effects: Effects): Finding[] {
  const looks = effects.looks.filter(({ sort }) => sort === 'code');
  const all = new Map<string, number>();
  for (const look of looks) for (const [word, count] of countLost(effects, look)) add(all, word, count);
  return looks.flatMap((look) => detectLook(effects, look, all));
}

function detectLook(effects: Effects, look: Look, all: ReadonlyMap<string, number>): Finding[] {
  const counts = [...countLost(effects, look)];
  // If another such word came in its place, the check was renamed.
  if (counts.reduce((sum, [, count]) => sum + count, 0) <= 0) return [];
  const lines = new Map<string, DiffLine>();
  for (const line of look.removed) {
    if (COMMENT.test(line.text)) continue;
    for (const word of listWords(line.text)) if (!lines.has(word)) lines.set(word, line);
  }
  return counts.flatMap(([word, count]) => {
    const times = all.get(word) ?? 0;
    if (count <= 0 || times <= 0 || isNamed(effects, word)) return [];
    const line = lines.get(word);
    const why = `"${word}" is gone here${times > count ? `, and ${times} times in all` : ''}; the task does not name it`;
    return line ? [findAt(look, 'unexplained', 'medium', why, { line, removed: true })] : [];
  });
}

function isNamed({ context }: Effects, word: string): boolean {
  return [word, ...(word.match(PART) ?? []).filter((part) => GUARDS.test(part))].some((one) =>
    isAskedFor(context, one),
  );
}

/** By how much each guard word became rarer in a file's changed lines. Negative if there are more of it. */
function countLost(effects: Effects, { added, removed }: Look): Map<string, number> {
  const counts = new Map<string, number>();
  const count = (lines: readonly DiffLine[], by: number): void => {
    for (const { text } of lines) {
      if (COMMENT.test(text)) continue;
      for (const word of listWords(text)) if (isGuard(word)) add(counts, word, by);
    }
  };
  count(
    removed.filter((line) => !isStillThere(effects, line)),
    1,
  );
  count(added, -1);
  return counts;
}

function listWords(text: string): string[] {
  return text.match(IDENTIFIER) ?? [];
}

function isGuard(word: string): boolean {
  return (word.match(PART) ?? []).some((part) => GUARDS.test(part));
}

function add(counts: Map<string, number>, word: string, by: number): void {
  counts.set(word, (counts.get(word) ?? 0) + by);
}
