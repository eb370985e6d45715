/** What a row of the codemod's table is: a source, a rewrite, and the bytes that must come of it. */

/** One source; `after` equals `before` where the rewrite must not be made. */
export interface Row {
  name: string;
  goal: Goal;
  /** `a` and the language's ending, where the row does not say. */
  file?: string;
  before: string;
  after: string;
  /** What is said of a match that is not rewritten. */
  refused?: RegExp;
}

/** A pattern, its rewrite and the language. */
export interface Goal {
  pattern: string;
  rewrite: string;
  lang: string;
  ending: string;
}

export const goal = (lang: string, ending: string, pattern: string, rewrite: string): Goal => ({
  pattern,
  rewrite,
  lang,
  ending,
});
