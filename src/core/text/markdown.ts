/**
 * Text of models, repositories and people on its way into Markdown: Temporal's UI, a pull request, the report.
 * Rule: it goes in as code, behind more backticks than it has itself, so that no word of it can become a heading, a
 * link, an image, HTML, a mention or a keyword; what is cut is counted.
 */
import { escapeForPeople } from './escape.ts';
import { asLine, clip } from './lines.ts';

/** Characters of a text that stands within a line. */
const MAX_SPAN = 400;
/** Characters of a text that has lines of its own. */
const MAX_BLOCK = 4400;

/** A text as a code span: one line, with line breaks shown as `⏎`. */
export function code(text: string, most = MAX_SPAN): string {
  const { kept, left } = clip(asLine(text), most);
  const ticks = '`'.repeat(longestRun(kept) + 1);
  // Without a blank beside it a backtick at either end would belong to the fence.
  const inner = kept.trim() === '' ? ' ' : /^[` ]|[` ]$/.test(kept) ? ` ${kept} ` : kept;
  return `${ticks}${inner}${ticks}${left > 0 ? ` … ${left} more characters` : ''}`;
}

/**
 * A text as a block of code, line by line, and below it what was left out and where all of it can be read. Lines are
 * wrapped where `columns` says so.
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

/** A line as rows of at most so many columns, where what is beyond the edge would not be seen; `↳` begins the later. */
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

/** Items of a list, each as its lines; those that do not fit into so many characters are counted. */
export function fitItems(items: readonly string[][], most: number, whole: string): string[] {
  let used = 0;
  const fits = items.findIndex((lines) => (used += lines.join('\n').length + 1) > most);
  if (fits < 0) return items.flat();
  return [...items.slice(0, fits).flat(), '', `… ${items.length - fits} more: ${whole}`];
}
