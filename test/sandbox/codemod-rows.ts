/** The type of a row of the codemod's table: a source, a rewrite, and the expected bytes. */

/** One source. `after` equals `before` if the match must be refused. */
export interface Row {
  name: string;
  goal: Goal;
  /** The default is `a` with the language's ending. */
  file?: string;
  before: string;
  after: string;
  /** The reason for refusing the match. */
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
