/**
 * Reads the `*** Begin Patch` format that models are trained on, with the same tolerance for spaces and here-documents.
 * Rule: imports only Node's own modules, since this runs inside the sandbox.
 * Texts are byte strings (latin1), so that files of any encoding keep every byte that the patch does not name.
 */

/** The section of a patch about one file. */
export type Section =
  | { kind: 'add'; path: string; text: string }
  | { kind: 'delete'; path: string }
  | { kind: 'update'; path: string; moveTo?: string; hunks: PatchHunk[] };

/** A hunk: the old and the new lines at one place of a file. */
export interface PatchHunk {
  /** Lines after `@@`: they are searched for one after another, then the hunk's own lines below them. */
  contexts: string[];
  lines: { sign: ' ' | '-' | '+'; text: string }[];
  atEnd: boolean;
  /** The line of the patch on which the hunk starts, counted from 1. */
  line: number;
}

/** Why a patch can't be applied, for the author of the patch. */
export class PatchProblem extends Error {}

const MARKERS = {
  begin: '*** Begin Patch',
  end: '*** End Patch',
  add: '*** Add File: ',
  delete: '*** Delete File: ',
  update: '*** Update File: ',
  move: '*** Move to: ',
  endOfFile: '*** End of File',
};

/**
 * The lines of a patch between its markers, and the number of the first line. Spaces or a here-document may surround
 * the markers.
 */
function findBody(patch: string): { lines: string[]; first: number } {
  const lines = patch.replace(/\r\n/g, '\n').split('\n');
  let start = 0;
  let end = lines.length - 1;
  while (start <= end && lines[start]?.trim() === '') start += 1;
  while (end >= start && lines[end]?.trim() === '') end -= 1;
  const opening = /^(?:apply_patch\s+)?<<-?\s*(['"]?)(\w+)\1$/.exec(lines[start]?.trim() ?? '');
  if (opening && lines[end]?.trim() === opening[2]) {
    start += 1;
    end -= 1;
  }
  if (lines[start]?.trim() !== MARKERS.begin) {
    throw new PatchProblem(`the first line of the patch must be "${MARKERS.begin}"`);
  }
  if (lines[end]?.trim() !== MARKERS.end) throw new PatchProblem(`the last line of the patch must be "${MARKERS.end}"`);
  return { lines: lines.slice(start + 1, end), first: start + 2 };
}

/** Reads a patch, given as a byte string; paths are decoded. Throws a PatchProblem that names the wrong line. */
export function parsePatch(patch: string): Section[] {
  const { lines, first } = findBody(patch);
  const sections: Section[] = [];
  let at = 0;
  while (at < lines.length) {
    const line = (lines[at] ?? '').trim();
    const number = first + at;
    at += 1;
    if (line === '') continue;
    if (line.startsWith(MARKERS.delete)) {
      sections.push({ kind: 'delete', path: decodeText(line.slice(MARKERS.delete.length)) });
      continue;
    }
    const from = at;
    while (at < lines.length && !isSectionStart(lines[at] ?? '')) at += 1;
    const body = lines.slice(from, at);
    if (line.startsWith(MARKERS.add))
      sections.push(parseAdd(decodeText(line.slice(MARKERS.add.length)), body, first + from));
    else if (line.startsWith(MARKERS.update))
      sections.push(parseUpdate(decodeText(line.slice(MARKERS.update.length)), body, first + from));
    else {
      const known = [MARKERS.add, MARKERS.update, MARKERS.delete].map((marker) => `"${marker}"`).join(', ');
      const shown = decodeText(line.slice(0, 80));
      throw new PatchProblem(`line ${number}: "${shown}" is no section, which must start with one of ${known}`);
    }
  }
  if (sections.length === 0) throw new PatchProblem('the patch has no section, so it changes nothing');
  return sections;
}

function isSectionStart(line: string): boolean {
  return [MARKERS.add, MARKERS.delete, MARKERS.update].some((marker) => line.startsWith(marker));
}

function parseAdd(path: string, body: readonly string[], first: number): Section {
  const lines = body.map((line, index) => {
    if (line.startsWith('+')) return line.slice(1);
    if (line.trim() === '' && body.slice(index).every((rest) => rest.trim() === '')) return undefined;
    throw new PatchProblem(`${path}, line ${first + index}: every line of an added file must start with "+"`);
  });
  return {
    kind: 'add',
    path,
    text: lines
      .filter((line) => line !== undefined)
      .map((line) => `${line}\n`)
      .join(''),
  };
}

function parseUpdate(path: string, body: readonly string[], first: number): Section {
  const section: Extract<Section, { kind: 'update' }> = { kind: 'update', path, hunks: [] };
  let hunk: PatchHunk | undefined;
  const start = (line: number): PatchHunk => {
    hunk = { contexts: [], lines: [], atEnd: false, line };
    section.hunks.push(hunk);
    return hunk;
  };
  // Empty lines at the end only separate this section from the next.
  const end = body.findLastIndex((line) => line !== '') + 1;
  body.slice(0, end).forEach((line, index) => {
    const number = first + index;
    if (index === 0 && line.startsWith(MARKERS.move)) {
      section.moveTo = decodeText(line.slice(MARKERS.move.length).trim());
    } else if (line.trimEnd() === MARKERS.endOfFile) {
      if (!hunk) throw new PatchProblem(`${path}, line ${number}: "${MARKERS.endOfFile}" comes before any hunk`);
      hunk.atEnd = true;
    } else if (line.trimEnd() === '@@' || line.startsWith('@@ ')) {
      const target = !hunk || hunk.lines.length > 0 ? start(number) : hunk;
      // Line numbers of a unified diff are not text to search for.
      const context = line
        .slice(3)
        .replace(/^-\d+(?:,\d+)? \+\d+(?:,\d+)? @@ ?/, '')
        .trimEnd();
      if (context !== '') target.contexts.push(context);
    } else addLine(hunk && !hunk.atEnd ? hunk : start(number), line, path, number);
  });
  section.hunks = section.hunks.filter(({ lines }) => lines.length > 0);
  if (section.hunks.length > 0 || section.moveTo !== undefined) return section;
  throw new PatchProblem(`${path}: the section has no hunk`);
}

function addLine(hunk: PatchHunk, line: string, path: string, number: number): void {
  const sign = line === '' ? ' ' : line.charAt(0);
  if (sign !== ' ' && sign !== '-' && sign !== '+') {
    const shown = decodeText(line.slice(0, 80));
    throw new PatchProblem(`${path}, line ${number}: a line of a hunk must start with " ", "+" or "-": "${shown}"`);
  }
  hunk.lines.push({ sign, text: line.slice(1) });
}

/** Decodes a byte string as UTF-8, for paths and messages. */
export function decodeText(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
