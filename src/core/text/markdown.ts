/**
 * Puts text of models, repositories and people into Markdown: for Temporal's UI, a pull request, the report.
 * Rule: such a text becomes code between more backticks than it has itself, so that nothing in it can become a heading,
 * link, image, HTML, mention or keyword. What is cut is counted.
 */
import { escapeForPeople } from './escape.ts';
import { asLine, clip } from './lines.ts';

/** Most characters of a text inside a line. */
const MAX_SPAN = 400;
/** Most characters of a text in a block. */
const MAX_BLOCK = 4400;

/** A text as a code span of one line. Line breaks are shown as `⏎`. */
export function code(text: string, most = MAX_SPAN): string {
  const { kept, left } = clip(asLine(text), most);
  const ticks = '`'.repeat(longestRun(kept) + 1);
  // A backtick at either end needs a space, or else it would become part of the fence.
  const inner = kept.trim() === '' ? ' ' : /^[` ]|[` ]$/.test(kept) ? ` ${kept} ` : kept;
  return `${ticks}${inner}${ticks}${left > 0 ? ` … ${left} more characters` : ''}`;
}

/**
 * A text as a code block. Below it stands how much was left out, and `whole`, which says where all of it is. Lines
 * longer than `columns` are wrapped.
 */
export function codeBlock(
  text: string,
  { whole, most = MAX_BLOCK, columns = Infinity }: { whole: string; most?: number; columns?: number },
): string[] {
  const { kept, left } = clip(escapeForPeople(text), most);
  const fence = '`'.repeat(Math.max(3, longestRun(kept) + 1));
  const rest = left > 0 ? ['', `… ${left} more characters: ${whole}`] : [];
  return [`${fence}text`, ...kept.split('\n').flatMap((line) => wrap(line, columns)), fence, ...rest];
}

function longestRun(text: string): number {
  return Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length));
}

/** A line as rows of at most `columns` characters. All rows after the first begin with `↳`. */
function wrap(line: string, columns: number): string[] {
  if (line.length <= columns) return [line];
  const rows: string[] = [];
  let rest = line;
  while (rest !== '') {
    const { kept } = clip(rest, rows.length === 0 ? columns : columns - 2);
    rows.push(rows.length === 0 ? kept : `↳ ${kept}`);
    rest = rest.slice(kept.length);
  }
  return rows;
}

/** Items of a list, each as its lines. Those that don't fit into `most` characters are counted. */
export function fitItems(items: readonly string[][], most: number, whole: string): string[] {
  let used = 0;
  const fits = items.findIndex((lines) => (used += lines.join('\n').length + 1) > most);
  if (fits < 0) return items.flat();
  return [...items.slice(0, fits).flat(), '', `… ${items.length - fits} more: ${whole}`];
}
