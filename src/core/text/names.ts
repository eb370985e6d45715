/**
 * Checks names that people and programs choose: of branches, people, teams, campaigns and workflows.
 * Rule: no two accepted names look alike. A refusal says what is wrong and where.
 */
import { findUnseen } from './harmless.ts';
import { words } from './words.ts';

/** Scripts that may stand together in one word: Japanese, Chinese and Korean texts contain Latin names. */
const TOGETHER: readonly (readonly string[])[] = [
  ['Latin', 'Han', 'Hiragana', 'Katakana'],
  ['Latin', 'Han', 'Bopomofo'],
  ['Latin', 'Han', 'Hangul'],
];
const SCRIPTS = words(`
  Latin Cyrillic Greek Armenian Georgian Hebrew Arabic Thai Devanagari Cherokee Coptic Lisu Han Hiragana Katakana
  Bopomofo Hangul
`).map((script) => ({ script, letters: new RegExp(`\\p{Script=${script}}`, 'u') }));

/** What is wrong with a name; undefined if nothing is. */
export function findNameProblem(name: string): string | undefined {
  if (/[\r\n\t]/.test(name)) return 'has a line break or a tab: a name is one line';
  const unseen = findUnseen(name);
  if (unseen !== undefined) return unseen;
  if (/[\p{Z}\u2800]/u.test(name.replaceAll(' ', ''))) return 'has a blank that is not a plain space: use spaces';
  if (name.trim() !== name) return 'begins or ends with a space';
  if (name.normalize('NFKC') !== name)
    return `has a character that stands for a plain one: write ${JSON.stringify(name.normalize('NFKC'))}`;
  for (const word of name.split(/[^\p{L}\p{M}]+/u)) {
    const scripts = SCRIPTS.filter(({ letters }) => letters.test(word)).map(({ script }) => script);
    const isPlain = scripts.length < 2 || TOGETHER.some((group) => scripts.every((script) => group.includes(script)));
    if (!isPlain)
      return `mixes letters of ${scripts.join(' and ')} in a word, which look alike: write it in one script`;
  }
  return undefined;
}
