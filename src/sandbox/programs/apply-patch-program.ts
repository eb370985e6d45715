/**
 * Applies a patch in the `*** Begin Patch` format to the files below the working directory; runs inside the sandbox.
 * Rule: all or nothing. Every hunk of every file is placed before the first byte is written, and an error names file
 * and hunk.
 * Imports only Node's own modules and parse-patch.ts. Texts are byte strings (latin1).
 */
import { chmodSync, lstatSync, mkdirSync, readFileSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, isAbsolute, relative, resolve, sep } from 'node:path';
import { decodeText, parsePatch, PatchProblem } from './parse-patch.ts';
import type { PatchHunk, Section } from './parse-patch.ts';

/**
 * Ways to compare two lines, strictest first: exact; without spaces at the end; without spaces around; with typographic
 * punctuation replaced by ASCII.
 */
const COMPARISONS: readonly ((line: string) => string)[] = [
  (line) => line,
  (line) => line.trimEnd(),
  (line) => line.trim(),
  (line) => plainPunctuation(line).trim(),
];

function plainPunctuation(line: string): string {
  return decodeText(line)
    .replace(/[\u2010-\u2015\u2212]/g, '-')
    .replace(/[\u2018-\u201b]/g, "'")
    .replace(/[\u201c-\u201f]/g, '"')
    .replace(/[\u00a0\u2002-\u200a\u202f\u205f\u3000]/g, ' ');
}

/** The index from `start` on where these lines are, or -1. With `atEnd` the end of the file is tried first. */
function findLines(lines: readonly string[], wanted: readonly string[], start: number, atEnd: boolean): number {
  if (wanted.length > lines.length) return -1;
  const last = lines.length - wanted.length;
  for (const compare of COMPARISONS) {
    const sought = wanted.map(compare);
    const fits = (at: number): boolean => sought.every((line, index) => compare(lines[at + index] ?? '') === line);
    if (atEnd && last >= start && fits(last)) return last;
    for (let at = start; at <= last; at += 1) if (fits(at)) return at;
  }
  return -1;
}

/** UTF-8's byte-order mark, as a byte string. */
const MARK = '\xef\xbb\xbf';

function withoutMark(text: string): string {
  return text.startsWith(MARK) ? text.slice(MARK.length) : text;
}

/**
 * The text of a file after its hunks. A byte-order mark is not part of line 1: it stays even if the patch lacks it.
 */
function applyHunks(path: string, text: string, hunks: readonly PatchHunk[]): string {
  if (!text.startsWith(MARK)) return applyInOrder(path, text, hunks);
  const bare = hunks.map((hunk) => ({
    ...hunk,
    contexts: hunk.contexts.map(withoutMark),
    lines: hunk.lines.map((line) => ({ ...line, text: withoutMark(line.text) })),
  }));
  return MARK + applyInOrder(path, withoutMark(text), bare);
}

/** The text of a file after its hunks. Each hunk is searched for below the one before it. */
function applyInOrder(path: string, text: string, hunks: readonly PatchHunk[]): string {
  const isCrlf = (text.match(/\r\n/g)?.length ?? 0) * 2 > (text.match(/\n/g)?.length ?? 0);
  const lines = text.split('\n');
  const endsOpen = lines.at(-1) !== '';
  if (!endsOpen) lines.pop();
  const edits: { at: number; remove: number; insert: string[] }[] = [];
  let from = 0;
  hunks.forEach((hunk, index) => {
    const { at, below } = findHunk(lines, hunk, from, `${path}, hunk ${index + 1} (line ${hunk.line} of the patch)`);
    const insert: string[] = [];
    let there = at;
    for (const { sign, text: line } of hunk.lines) {
      // Context stays as the file has it, even where the patch's copy differs in spaces or punctuation.
      if (sign === ' ') insert.push(lines[there] ?? '');
      if (sign === '+') insert.push(isCrlf ? `${line}\r` : line);
      else there += 1;
    }
    edits.push({ at, remove: there - at, insert });
    from = below;
  });
  // A file without a line break at its end stays so, unless a hunk reaches the end: new lines end with a line break.
  const isEndKept = endsOpen && edits.every(({ at, remove }) => at + remove < lines.length);
  edits.reverse().sort((a, b) => b.at - a.at);
  for (const { at, remove, insert } of edits) lines.splice(at, remove, ...insert);
  const whole = lines.map((line) => `${line}\n`).join('');
  return isEndKept ? whole.slice(0, -1) : whole;
}

/** The index of a hunk's lines, and the index below them from which the next hunk is searched. */
function findHunk(
  lines: readonly string[],
  hunk: PatchHunk,
  from: number,
  name: string,
): { at: number; below: number } {
  let start = from;
  for (const context of hunk.contexts) {
    const found = findLines(lines, [context], start, false);
    if (found < 0) {
      const where = start > 0 ? ' below the hunk or context before it' : '';
      throw new PatchProblem(`${name}: the file has no line "${decodeText(context)}"${where}`);
    }
    start = found + 1;
  }
  const wanted = hunk.lines.filter(({ sign }) => sign !== '+').map(({ text }) => text);
  if (wanted.length === 0) {
    // A hunk with only new lines goes below its context line, or to the end of the file.
    return { at: hunk.contexts.length > 0 && !hunk.atEnd ? start : lines.length, below: start };
  }
  const at = findLines(lines, wanted, start, hunk.atEnd);
  if (at < 0) throw new PatchProblem(`${name}: ${describeMiss(lines, wanted, start)}`);
  return { at, below: at + wanted.length };
}

function describeMiss(lines: readonly string[], wanted: readonly string[], from: number): string {
  const shown = wanted.map((line) => `  ${decodeText(line)}`).join('\n');
  if (from > 0 && findLines(lines, wanted, 0, false) >= 0) {
    return `these lines are above the hunk or context before it, put hunks in the order of the file:\n${shown}`;
  }
  const first = wanted.findIndex((line) => line.trim() !== '');
  const near = findLines(lines, [wanted[first] ?? ''], from, false);
  const hint =
    near < 0
      ? 'not even the first of them'
      : `line ${near + 1} of the file is like the first of them, but what follows differs`;
  return `these lines are not in the file (${hint}):\n${shown}`;
}

/** A file's content after the patch; null for a file that is deleted. */
interface Outcome {
  text: string | null;
  mode?: number;
}

/** The full path of a path in the patch. Refuses one outside of the working directory, or that leads out by a link. */
function locate(root: string, path: string): string {
  const name = path.trim();
  const full = resolve(root, name);
  const inside = relative(root, full);
  if (inside === '' || inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside)) {
    throw new PatchProblem(`${name}: lies outside the workspace`);
  }
  if (inside.split(sep).some((part) => part.toLowerCase() === '.git'))
    throw new PatchProblem(`${name}: belongs to git itself`);
  let there = full;
  while (!isThere(there)) there = dirname(there);
  let real: string;
  try {
    real = realpathSync(there);
  } catch {
    throw new PatchProblem(`${name}: leads through a broken link`);
  }
  if (real !== root && !real.startsWith(root + sep))
    throw new PatchProblem(`${name}: leads outside the workspace through a link`);
  if (there !== full && !statSync(there).isDirectory())
    throw new PatchProblem(`${name}: "${relative(root, there)}" is not a folder`);
  return full;
}

function isThere(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    // A parent is not a folder.
    return false;
  }
}

/** Computes every file's new content in memory. A later section sees the changes of earlier ones. */
function plan(root: string, sections: readonly Section[]): { outcomes: Map<string, Outcome>; report: string[] } {
  const outcomes = new Map<string, Outcome>();
  const report: string[] = [];
  const read = (full: string): Outcome | undefined => {
    const planned = outcomes.get(full);
    if (planned) return planned.text === null ? undefined : planned;
    const stat = statSync(full, { throwIfNoEntry: false });
    if (!stat) return undefined;
    if (!stat.isFile()) throw new PatchProblem(`${relative(root, full)}: is not a regular file`);
    return readOutcome(full);
  };
  for (const section of sections) {
    const full = locate(root, section.path);
    const name = relative(root, full);
    const there = read(full);
    if (section.kind === 'add') {
      const isMarked = there?.text?.startsWith(MARK) === true;
      outcomes.set(full, { ...there, text: isMarked ? MARK + withoutMark(section.text) : section.text });
      report.push(`${there ? 'M' : 'A'} ${name}`);
      continue;
    }
    if (there === undefined || there.text === null) throw new PatchProblem(`${name}: there is no such file`);
    if (section.kind === 'delete') {
      outcomes.set(full, { text: null });
      report.push(`D ${name}`);
      continue;
    }
    const text = section.hunks.length > 0 ? applyHunks(name, there.text, section.hunks) : there.text;
    const target = section.moveTo === undefined ? full : locate(root, section.moveTo);
    if (target !== full) outcomes.set(full, { text: null });
    outcomes.set(target, { ...there, text });
    report.push(target === full ? `M ${name}` : `R ${name} → ${relative(root, target)}`);
  }
  return { outcomes, report };
}

/** Writes the outcomes. If one can't be written, restores all files. */
function write(outcomes: ReadonlyMap<string, Outcome>): void {
  const before = new Map<string, Outcome>();
  const put = (full: string, { text, mode }: Outcome): void => {
    if (text === null) return rmSync(full, { force: true });
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(full, text, 'latin1');
    if (mode !== undefined) chmodSync(full, mode);
  };
  try {
    // Deletions first: a folder may replace a deleted file.
    const inOrder = [...outcomes].sort(([, a], [, b]) => Number(a.text !== null) - Number(b.text !== null));
    for (const [full, outcome] of inOrder) {
      before.set(full, isThere(full) ? readOutcome(full) : { text: null });
      put(full, outcome);
    }
  } catch (error) {
    for (const [full, outcome] of before) put(full, outcome);
    throw new PatchProblem(error instanceof Error ? error.message : String(error));
  }
}

function readOutcome(full: string): Outcome {
  return { text: readFileSync(full).toString('latin1'), mode: statSync(full).mode & 0o777 };
}

try {
  const root = realpathSync(process.cwd());
  const patch = process.argv[2] === undefined ? readFileSync(0) : Buffer.from(process.argv[2]);
  const { outcomes, report } = plan(root, parsePatch(patch.toString('latin1')));
  write(outcomes);
  process.stdout.write(`${report.join('\n')}\n`);
} catch (error) {
  if (!(error instanceof PatchProblem)) throw error;
  process.stdout.write(`Nothing was changed. ${error.message}\n`);
  process.exitCode = 1;
}
