/**
 * Judges what an act did, from the changed files' bytes before and after: everything that a person should know of.
 * Rule: pure and bounded, never thrown by what files hold; a finding says what was seen and where, never what somebody
 * claimed.
 */
import { judgeCode } from './effect-code.ts';
import { judgeConfiguration } from './effect-configuration.ts';
import { judgeDependencies } from './effect-dependencies.ts';
import type { Change, EffectContext, Effects, Look } from './effect-look.ts';
import { findAt, isFileAskedFor, isLink, lookAtAll, wasThere } from './effect-look.ts';
import { judgeSecrets } from './effect-secrets.ts';
import { judgeTests } from './effect-tests.ts';
import { judgeUnexplained } from './effect-unexplained.ts';
import { judgeWords } from './effect-words.ts';
import type { Finding } from './findings.ts';
import { excerptOf, rankFindings } from './findings.ts';
import { isInPaths } from './paths.ts';

export type { Change, EffectContext } from './effect-look.ts';

/** Images and fonts: they run nothing, and people see what they are. */
const HARMLESS_BINARY = /\.(png|jpe?g|gif|webp|avif|ico|bmp|woff2?|ttf|otf|mp[34]|pdf)$/i;

/** Everything found in the changes between two checkpoints, the worst first. */
export function judgeEffects(changes: readonly Change[], context: EffectContext): Finding[] {
  const effects = lookAtAll(changes, context);
  const remarks = judgeUnexplained(effects);
  return rankFindings([
    ...effects.looks.flatMap((look) => judgePath(effects, look, remarks)),
    ...judgeSize(effects),
    ...judgeTests(effects),
    ...judgeDependencies(effects),
    ...judgeConfiguration(effects),
    ...judgeSecrets(effects),
    ...judgeCode(effects),
    ...judgeWords(effects),
    ...remarks,
  ]);
}

/** What can be said of a path without reading its text. */
function judgePath(effects: Effects, look: Look, remarks: readonly Finding[]): Finding[] {
  const { context } = effects;
  const { change } = look;
  const findings: Finding[] = [];
  const isOutside = [change.path, change.oldPath].some((path) => path !== undefined && !isInPaths(path, context.paths));
  if (isOutside) findings.push({ ...findMain(effects, look, remarks), kind: 'outside-paths', risk: 'high' });
  if (isLink(change)) findings.push(...judgeLink(look));
  else if (change.newMode === '100755' && change.oldMode !== '100755') {
    const isScript = change.status === 'added' && change.newText?.startsWith('#!');
    const risk = isScript && isFileAskedFor(context, change.path) ? 'low' : 'medium';
    findings.push(findAt(look, 'executable-bit', risk, 'it can be run now', look.added[0] && { line: look.added[0] }));
  }
  if (change.binary && change.status !== 'deleted') {
    const risk = HARMLESS_BINARY.test(change.path) ? 'low' : 'high';
    findings.push(findAt(look, 'binary', risk, `${change.size} bytes that nobody can read`));
  } else if (change.truncated) {
    findings.push(findAt(look, 'unread', 'medium', `only the start of ${change.size} bytes was looked at`));
  }
  if (/(^|\/)\.(git|docker|npm)ignore$/.test(change.path)) {
    const [line] = look.added;
    if (line) findings.push(findAt(look, 'ignored-file', 'medium', 'what is ignored is not reviewed', { line }));
  }
  return findings;
}

/** The most telling line of a file that should not have changed at all. */
function findMain(effects: Effects, look: Look, remarks: readonly Finding[]): Finding {
  const remark = remarks.find(({ path }) => path === look.change.path);
  const why = `the task may not change it (${look.change.status})`;
  if (remark) return { ...remark, why };
  const line = look.added.find((one) => !wasThere(effects, one) && one.text.trim() !== '') ?? look.added[0];
  const removed = look.removed[0];
  if (line) return findAt(look, 'outside-paths', 'high', why, { line });
  return findAt(look, 'outside-paths', 'high', why, removed && { line: removed, removed: true });
}

function judgeLink(look: Look): Finding[] {
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

function judgeSize({ looks, context }: Effects): Finding[] {
  const lines = looks.reduce((sum, { added, removed }) => sum + added.length + removed.length, 0);
  const { files: mostFiles, lines: mostLines } = context.limits ?? {};
  const over = [
    ...(mostFiles !== undefined && looks.length > mostFiles ? [`${looks.length} files, ${mostFiles} are allowed`] : []),
    ...(mostLines !== undefined && lines > mostLines ? [`${lines} changed lines, ${mostLines} are allowed`] : []),
  ];
  const largest = looks.toSorted((a, b) => b.added.length - a.added.length)[0];
  return over.length > 0 && largest ? [findAt(largest, 'too-large', 'high', over.join('; '))] : [];
}
