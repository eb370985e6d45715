/**
 * Finds new names that can be mistaken for others: mixed scripts, unseen characters, an existing name in other case or
 * Unicode form, and other spellings of names that tools act on.
 * Rule: only new names are judged. A permit covers the name, whatever the file holds.
 */
import { isRunLater } from './configuration.ts';
import type { EffectContext, Look } from './change.ts';
import { findAt } from './change.ts';
import { escapeForPeople } from '../text/escape.ts';
import type { Finding } from './findings.ts';
import { isInPaths } from '../paths.ts';

const LATIN = String.raw`[A-Za-z\u00c0-\u024f]`;
/** Scripts with letters that look like Latin ones, and full-width Latin letters. */
const OTHER = String.raw`[\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Armenian}\p{Script=Cherokee}\p{Script=Coptic}\uff21-\uff3a\uff41-\uff5a]`;
const MIXED = new RegExp(String.raw`${LATIN}\p{M}*${OTHER}|${OTHER}\p{M}*${LATIN}`, 'u');
/** A whole word of Cyrillic or Greek letters that each look like a Latin letter. */
const ALIKE =
  /(?<![\p{L}\p{N}])[\u0430\u0441\u0435\u043e\u0440\u0445\u0443\u0456\u0455\u0458\u0501\u04bb\u051b\u051d\u0475\u0410\u0412\u0421\u0415\u041d\u0406\u0408\u041a\u041c\u041e\u0420\u0405\u0422\u0425\u0423\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7\u03bf\u03bd]+(?![\p{L}\p{N}])/u;

/** A name as file systems compare it that ignore case and Unicode form. */
export function foldName(name: string): string {
  return name.normalize('NFKC').toLowerCase().normalize('NFKC');
}

/** Folded patterns, computed once per list. */
const FOLDED = new WeakMap<readonly string[], string[]>();

function foldAll(patterns: readonly string[]): string[] {
  let folded = FOLDED.get(patterns);
  if (!folded) FOLDED.set(patterns, (folded = patterns.map(foldName)));
  return folded;
}

/** The finding for a new name that can be mistaken for another. */
export function detectNames(context: EffectContext, look: Look): Finding[] {
  const { path, status } = look.change;
  if (status !== 'added' && status !== 'renamed') return [];
  const why = describe(context, path);
  return why === undefined ? [] : [{ ...findAt(look, 'misleading-name', 'high', why), content: 'name' }];
}

function describe({ protects = [], findTwin }: EffectContext, path: string): string | undefined {
  if (escapeForPeople(path) !== path || /[\n\t]/.test(path)) return 'its name has characters that can’t be seen';
  if (MIXED.test(path)) return 'letters of two scripts in one word of its name';
  if (ALIKE.test(path)) return 'its name is of letters that look like Latin ones, and are not';
  const folded = foldName(path);
  const isVariant = protects.length > 0 && !isInPaths(path, protects) && isInPaths(folded, foldAll(protects));
  if (isVariant) return 'another spelling of a name that policy protects (protectedPaths)';
  if (folded !== path && isRunLater(folded) && !isRunLater(path))
    return `where case is not told apart it is ${folded}, by which something runs`;
  const twin = findTwin?.(path);
  return twin === undefined ? undefined : `the same but for case or how Unicode writes it stands beside it: ${twin}`;
}
