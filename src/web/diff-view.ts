/**
 * A difference by files, with findings at their lines.
 * Rule: which file and line something is at follows from the hunks' own counts, so that no content can pretend to be
 * another file.
 */
import { html } from 'hono/html';
import { asLine } from '../core/text/lines.ts';
import type { Html } from './layout.ts';

/** Lines of a difference on a page. */
const MAX_LINES = 4000;
/** Files that are shown open; the others open by a click. */
const MAX_OPEN_LINES = 400;

interface DiffLine {
  kind: 'add' | 'remove' | 'same' | 'head';
  text: string;
  /** Its number in the file as it is now; of a removed line the number of the line after it. */
  at: number;
}

interface DiffFile {
  path: string;
  lines: DiffLine[];
}

/** A finding, as a decision's words name it. */
interface Finding {
  words: string;
  path: string;
  line: number | undefined;
}

/** The files of a difference, as `git diff` writes it. */
export function splitFiles(text: string): DiffFile[] {
  const files: DiffFile[] = [];
  let left = { old: 0, now: 0, at: 0 };
  for (const line of text.split('\n')) {
    const file = files.at(-1);
    if (left.old > 0 || left.now > 0) {
      const kind = line.startsWith('+') ? 'add' : line.startsWith('-') ? 'remove' : 'same';
      if (line.startsWith('\\')) continue;
      file?.lines.push({ kind, text: line, at: left.at });
      const isNow = kind !== 'remove';
      left = {
        old: left.old - (kind === 'add' ? 0 : 1),
        now: left.now - (isNow ? 1 : 0),
        at: left.at + (isNow ? 1 : 0),
      };
      continue;
    }
    const [, old = '1', at, now = '1'] = /^@@ -\d+(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/.exec(line) ?? [];
    if (at !== undefined) left = { old: Number(old), now: Number(now), at: Number(at) };
    if (line.startsWith('diff --git ')) files.push({ path: pathOf(line), lines: [] });
    else if (at !== undefined || isFact(line)) file?.lines.push({ kind: 'head', text: line, at: 0 });
    else if (file && /^\+\+\+ "?b\//.test(line)) file.path = withoutSide(line.slice('+++ '.length));
  }
  return files;
}

/** What is said of a file as a whole. */
function isFact(line: string): boolean {
  return /^(new file|deleted file|old mode|new mode|similarity|rename |Binary files)/.test(line);
}

/** Both names in the head of a file are the same, unless it was renamed: then its `+++` line says which is the new one. */
function pathOf(line: string): string {
  const names = line.slice('diff --git '.length);
  return withoutSide(names.slice((names.length + 1) / 2));
}

/** A name without git's `b/`. Git puts a tab after one with blanks. */
function withoutSide(name: string): string {
  return name.replace(/^("?)b\//, '$1').replace(/\t$/, '');
}

/** The findings in the words of a decision: our own lines, which begin with a risk. */
function readFindings(about: string): Finding[] {
  return about.split('\n').flatMap((line) => {
    const [, words, path, at] = /^((?:HIGH|MEDIUM|LOW) [\w-]+) (.+?)(?::(\d+))?: /.exec(line) ?? [];
    return words === undefined || path === undefined
      ? []
      : [{ words: line, path, line: at === undefined ? undefined : Number(at) }];
  });
}

/** The difference; `about` are the words of the decision that it belongs to. */
export function renderDiff(text: string, about = ''): Html {
  const findings = readFindings(about);
  const isFound = ({ path }: DiffFile): boolean => findings.some((finding) => finding.path === path);
  const all = splitFiles(text);
  // Before the page is full.
  const files = [...all.filter(isFound), ...all.filter((file) => !isFound(file))];
  let budget = MAX_LINES;
  const shown = files.filter(({ lines }) => {
    if (lines.length > budget) return false;
    budget -= lines.length;
    return true;
  });
  const isOpen = shown.reduce((sum, { lines }) => sum + lines.length, 0) <= MAX_OPEN_LINES;
  const left = files.length - shown.length;
  return html`<div class="diff">${shown.map((file) =>
    renderFile(
      file,
      findings.filter(({ path }) => path === file.path),
      isOpen,
    ),
  )}${left > 0 ? html`<p class="wrong">${left} more files are too long for this page: <code>cox diff</code> shows them.</p>` : ''}</div>`;
}

function renderFile({ path, lines }: DiffFile, findings: readonly Finding[], isOpen: boolean): Html {
  const count = (kind: DiffLine['kind']): number => lines.filter((line) => line.kind === kind).length;
  const ofLine = (line: DiffLine): Finding[] =>
    line.kind === 'add' ? findings.filter((finding) => finding.line === line.at) : [];
  return html`<details class="file" ${isOpen || findings.length > 0 ? 'open' : ''}><summary>${asLine(path)}
<span class="terms">+${count('add')} −${count('remove')}</span></summary>
${findings.map(({ words }) => html`<p class="wrong">${asLine(words)}</p>`)}<pre tabindex="0">${lines.map(
    (line) => html`<span class="${line.kind}${ofLine(line).length > 0 ? ' found' : ''}">${line.text}</span>`,
  )}</pre></details>`;
}
