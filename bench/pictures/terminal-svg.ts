/**
 * Draws what a terminal shows, as tmux captures it with its colours, as an SVG.
 * Rule: each run of cells has its exact place and width, so that the picture is the same with any font.
 */

const CELL = { width: 8.4, height: 18 };
const PAD = 14;
const BACK = '#14171a';
const TEXT = '#e6e9eb';
/** The sixteen colours of a terminal, readable on a dark background. */
const COLORS = [
  '#14171a',
  '#ff9a92',
  '#7ed69a',
  '#f0b660',
  '#7cb4ea',
  '#d6a5ee',
  '#6fd3d6',
  '#e6e9eb',
  '#a3acb3',
  '#ffb3ac',
  '#9fe5b6',
  '#f7cd8c',
  '#a3cdf5',
  '#e4c3f5',
  '#98e5e7',
  '#ffffff',
];

interface Style {
  color: string | undefined;
  back: string | undefined;
  bold: boolean;
  dim: boolean;
  inverse: boolean;
}

interface Run extends Style {
  at: number;
  text: string;
}

const PLAIN: Style = { color: undefined, back: undefined, bold: false, dim: false, inverse: false };

/** The runs of equally drawn cells in a captured line. */
export function readLine(line: string, before: Style = PLAIN): { runs: Run[]; style: Style } {
  const runs: Run[] = [];
  let style = before;
  let at = 0;
  for (const part of line.split(/(\u001b\[[\d;]*m)/)) {
    const [, codes] = /^\u001b\[([\d;]*)m$/.exec(part) ?? [];
    if (codes !== undefined) style = applyCodes(style, codes);
    else if (part !== '') {
      runs.push({ ...style, at, text: part });
      at += countCells(part);
    }
  }
  return { runs, style };
}

function applyCodes(before: Style, codes: string): Style {
  const numbers = codes.split(';').map(Number);
  let style = before;
  for (let index = 0; index < numbers.length; index += 1) {
    const code = numbers[index] ?? 0;
    // `38;5;n` is a colour of the palette; the first sixteen are the terminal's own.
    const named = numbers[index + 1] === 5 ? COLORS[numbers[index + 2] ?? 0] : undefined;
    if (code === 38 || code === 48) {
      style = { ...style, [code === 38 ? 'color' : 'back']: named };
      index += 2;
    } else style = applyCode(style, code);
  }
  return style;
}

function applyCode(style: Style, code: number): Style {
  if (code === 0) return PLAIN;
  if (code === 1) return { ...style, bold: true };
  if (code === 2) return { ...style, dim: true };
  if (code === 7) return { ...style, inverse: true };
  if (code === 22) return { ...style, bold: false, dim: false };
  if (code === 27) return { ...style, inverse: false };
  if (code === 39) return { ...style, color: undefined };
  if (code === 49) return { ...style, back: undefined };
  if (code >= 30 && code <= 37) return { ...style, color: COLORS[code - 30] };
  if (code >= 90 && code <= 97) return { ...style, color: COLORS[code - 82] };
  if (code >= 40 && code <= 47) return { ...style, back: COLORS[code - 40] };
  return style;
}

/** The screen as a picture; `title` says what it shows to those who don't see it. */
export function drawTerminal(screen: string, columns: number, title: string): string {
  const lines = screen.replace(/\n+$/, '').split('\n');
  const width = Math.ceil(columns * CELL.width + 2 * PAD);
  const height = lines.length * CELL.height + 2 * PAD;
  let style = PLAIN;
  const drawn = lines.flatMap((line, row) => {
    const read = readLine(line, style);
    style = read.style;
    return read.runs.map((run) => drawRun(run, row));
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escape(title)}" font-family="ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace" font-size="14">
<rect width="${width}" height="${height}" rx="8" fill="${BACK}"/>
${drawn.join('\n')}
</svg>
`;
}

function drawRun({ at, text, inverse, bold, dim, ...colors }: Run, row: number): string {
  const color = (inverse ? colors.back : colors.color) ?? (inverse ? BACK : TEXT);
  const back = inverse ? (colors.color ?? TEXT) : colors.back;
  const count = countCells(text);
  const place = { x: round(PAD + at * CELL.width), y: PAD + row * CELL.height, width: round(count * CELL.width) };
  const box =
    back === undefined
      ? ''
      : `<rect x="${place.x}" y="${place.y}" width="${place.width}" height="${CELL.height}" fill="${back}"/>`;
  if (text.trim() === '') return box;
  const look = `${bold ? ' font-weight="bold"' : ''}${dim ? ' opacity="0.65"' : ''}`;
  return `${box}<text x="${place.x}" y="${place.y + 13}" textLength="${place.width}" fill="${color}"${look} xml:space="preserve">${escape(text)}</text>`;
}

/** A screen of ours has no character that takes two cells. */
function countCells(text: string): number {
  return Array.from(text).length;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
