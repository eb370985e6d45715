/**
 * Finds in the changes of an act everything that a person should know, from the files' bytes before and after.
 * Rule: pure and bounded, and no file can make it throw. A finding says what was seen and where, never what somebody
 * claimed.
 */
import { createAround } from './around.ts';
import { detectCode } from './code.ts';
import { detectConfiguration } from './configuration.ts';
import { detectDependencies } from './dependencies.ts';
import type { Around, FileChange, EffectContext, Effects, Look } from './change.ts';
import { blobOf, findAt, isFileAskedFor, isLink, lookAt, wasThere } from './change.ts';
import { detectLostChecks } from './lost-checks.ts';
import { detectNames } from './names.ts';
import { detectSecrets } from './secrets.ts';
import { detectTests } from './tests.ts';
import { detectUnexplained } from './unexplained.ts';
import { detectPlantedText } from './planted-text.ts';
import type { DiffLimits } from '../execution.ts';
import type { Finding } from './findings.ts';
import { excerptOf, rankFindings } from './findings.ts';
import { readPointer } from '../lfs.ts';
import { describeBroken, findProtecting, isInPaths } from '../paths.ts';

export type { FileChange, EffectContext } from './change.ts';

/** Images, fonts, media and PDF: they run nothing, and people can see what they are. */
const HARMLESS_BINARY = /\.(png|jpe?g|gif|webp|avif|ico|bmp|woff2?|ttf|otf|mp[34]|pdf)$/i;

function isWritten({ status }: FileChange): boolean {
  return status !== 'deleted' && status !== 'mode';
}

/** All findings in the changes between two checkpoints, the worst first. */
export function detectEffects(changes: readonly FileChange[], context: EffectContext): Finding[] {
  const { around, take } = createAround();
  changes.forEach(take);
  const steps = detectInSteps(changes, context, around);
  for (;;) {
    const step = steps.next();
    if (step.done) return rankFindings(step.value);
  }
}

/** Findings of some changes, file by file. The caller can let other work run between two steps. */
export function* detectInSteps(
  changes: readonly FileChange[],
  context: EffectContext,
  around: Around,
): Generator<undefined, Finding[]> {
  const looks: Look[] = [];
  const findings: Finding[] = [];
  for (const change of changes) {
    findings.push(...attempt(change, () => (looks.push(lookAt(change)), [])));
    yield;
  }
  const [first] = changes;
  const whole = { looks, context, around };
  const remarks = first ? attempt(first, () => detectUnexplained(whole)) : [];
  for (const look of looks) {
    for (const detectIn of DETECTORS)
      findings.push(...attempt(look.change, () => detectIn({ looks: [look], context, around }, look, remarks)));
    yield;
  }
  return [...findings, ...(first ? attempt(first, () => detectLostChecks(whole)) : []), ...remarks];
}

type Detector = (effects: Effects, look: Look, remarks: readonly Finding[]) => Finding[];

/** Each runs by itself, so that one that fails does not lose the findings of the others. */
const DETECTORS: Detector[] = [
  detectPath,
  ({ context }, look) => detectNames(context, look),
  detectTests,
  detectDependencies,
  detectConfiguration,
  detectSecrets,
  detectCode,
  detectPlantedText,
];

/** The findings of one detector. If it throws, the finding is that the file was not judged. */
function attempt(change: FileChange, detect: () => Finding[]): Finding[] {
  try {
    return detect();
  } catch (error) {
    const why = `it can't be judged: ${error instanceof Error ? error.message : String(error)}`;
    return [{ kind: 'unread', path: change.path, excerpt: '', risk: 'high', why, content: blobOf(change) }];
  }
}

/** Findings from a path, mode and size, without reading the text. */
function detectPath(effects: Effects, look: Look, remarks: readonly Finding[]): Finding[] {
  const { context } = effects;
  const { change } = look;
  const findings: Finding[] = [];
  const isOutside = [change.path, change.oldPath].some((path) => path !== undefined && !isInPaths(path, context.paths));
  if (isOutside) {
    const broken = describeBroken(context.paths);
    const unread = broken === '' ? '' : `; of its paths, ${broken}`;
    const why = `the task may not change it (${change.status})${unread}`;
    findings.push(findMain(effects, look, remarks, { kind: 'outside-paths', why }));
  }
  const barred = findProtecting(change.path, context.barred ?? []);
  if (barred !== undefined) {
    const why = `policy protects it (protectedPaths: ${barred}), and a person let a task change it (${change.status})`;
    findings.push(findMain(effects, look, remarks, { kind: 'protected-path', why }));
  }
  if (isLink(change)) findings.push(...detectLink(look));
  else if (change.newMode === '100755' && change.oldMode !== '100755') {
    const isScript = change.status === 'added' && change.newText?.startsWith('#!');
    const risk = isScript && isFileAskedFor(context, change.path) ? 'low' : 'medium';
    findings.push(findAt(look, 'executable-bit', risk, 'it can be run now', look.added[0] && { line: look.added[0] }));
  }
  if (change.binary && change.status !== 'deleted') {
    const risk = HARMLESS_BINARY.test(change.path) ? 'low' : 'high';
    findings.push(findAt(look, 'binary', risk, `${change.size} bytes that nobody can read`));
  } else if (change.truncated) {
    findings.push(findAt(look, 'unread', 'high', `${change.size} bytes, which are more than is looked at of a file`));
  }
  if (change.lfs === true && isWritten(change) && change.size > 0 && readPointer(change.newText ?? '') === undefined) {
    const why = `git LFS keeps this file (.gitattributes), and these ${change.size} bytes are no pointer: they would stay in the repository's history. Leave it out, or commit it by git lfs`;
    findings.push(findAt(look, 'lfs-content', 'high', why));
  }
  if (/(^|\/)\.(git|docker|npm)ignore$/.test(change.path)) {
    const [line] = look.added;
    if (line) findings.push(findAt(look, 'ignored-file', 'medium', 'what is ignored is not reviewed', { line }));
  }
  return findings;
}

/** A finding about a file that should not have changed at all, at its most telling line. */
function findMain(
  effects: Effects,
  look: Look,
  remarks: readonly Finding[],
  { kind, why }: { kind: 'outside-paths' | 'protected-path'; why: string },
): Finding {
  const plain = findAt(look, kind, 'high', why);
  const remark = remarks.find(({ path }) => path === look.change.path);
  if (remark) return { ...remark, ...plain, excerpt: remark.excerpt };
  const line = look.added.find((one) => !wasThere(effects, one) && one.text.trim() !== '') ?? look.added[0];
  const [removed] = look.removed;
  if (line) return findAt(look, kind, 'high', why, { line });
  return removed ? findAt(look, kind, 'high', why, { line: removed, removed: true }) : plain;
}

function detectLink(look: Look): Finding[] {
  const { change } = look;
  if (change.newMode !== '120000') return [];
  const target = change.newText ?? '';
  const depth = change.path.split('/').length - 1;
  let level = depth;
  const leaves = target
    .split('/')
    .some((segment) => (level += segment === '..' ? -1 : segment === '.' || segment === '' ? 0 : 1) < 0);
  const isGrave = target.startsWith('/') || leaves || /(^|\/)(\.git|node_modules)(\/|$)/.test(target);
  const why = isGrave ? 'a link that leads out of the files under review' : 'a link';
  return [{ ...findAt(look, 'symlink', isGrave ? 'high' : 'medium', why), excerpt: `→ ${excerptOf(target, 0, 150)}` }];
}

/** Size of a task's whole change: files, changed lines, and the path of the largest change. */
export interface Size {
  files: number;
  lines: number;
  largest: string;
}

/**
 * Whether a task's change is larger than its limits. A permit covers a size until the change has grown by the whole
 * limit again: with a limit of 100 files and a permit at 105, it asks again at 200.
 */
export function detectSize({ files, lines, largest }: Size, limits: DiffLimits): Finding[] {
  const each = [
    { value: files, most: limits.files, what: 'files' },
    { value: lines, most: limits.lines, what: 'changed lines' },
  ].flatMap(({ value, most, what }) => (most !== undefined && value > most ? [{ value, most, what }] : []));
  if (each.length === 0) return [];
  const why = each.map(({ value, most, what }) => `${value} ${what}, ${most} are allowed`).join('; ');
  const content = each.map(({ value, most, what }) => `${Math.floor(value / Math.max(most, 1))} × ${what}`).join();
  return [{ kind: 'too-large', path: largest, excerpt: '', risk: 'high', why, content }];
}
