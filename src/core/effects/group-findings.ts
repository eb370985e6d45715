/**
 * Groups similar findings by kind and folder, so that they fit into a history and a person can read them.
 * Rule: no finding of medium or high risk is dropped. A permit for a group covers exactly its members, by their bytes.
 */
import { digestValue } from '../digest.ts';
import { escapeForPeople } from '../text/escape.ts';
import type { Finding } from './findings.ts';
import { findingKey, rankFindings, shortenPath } from './findings.ts';

/** Most findings for a person to read, and most bytes that the findings of one act may take in a history. */
const MAX_FINDINGS = 20;
const MAX_BYTES = 6 * 1024;
/** Characters of the excerpt in groups by kind and risk alone. There are fewer such groups than kinds times risks. */
const MAX_SHORT = 100;

/** One way to group findings. Stages go from the finest to the coarsest. */
interface Stage {
  keyOf: (finding: Finding) => string;
  /** Smallest group; fewer findings stay single. */
  least: number;
  nameOf: (paths: readonly string[]) => string;
}
const STAGES: readonly Stage[] = [
  {
    keyOf: ({ path, risk, kind }) => [risk, kind, folderName(path), endingOf(path)].join('\n'),
    least: 3,
    nameOf: (paths) => {
      const [first = ''] = paths;
      const folders = new Set(paths.map(folderOf));
      const folder = folders.size === 1 ? folderOf(first) : `**/${folderName(first)}`;
      return `${folder === '' ? '' : `${folder}/`}*${endingOf(first)}`;
    },
  },
  {
    keyOf: ({ path, risk, kind }) => [risk, kind, topOf(path)].join('\n'),
    least: 3,
    nameOf: ([first = '']) => (first.includes('/') ? `${topOf(first)}/**` : '*'),
  },
  { keyOf: ({ risk, kind }) => [risk, kind].join('\n'), least: 2, nameOf: () => '**' },
];

const folderOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));
const folderName = (path: string): string => folderOf(path).split('/').at(-1) ?? '';
const endingOf = (path: string): string => /[^/](\.[^./]+)$/.exec(path)?.[1] ?? '';
const topOf = (path: string): string => (path.includes('/') ? path.slice(0, path.indexOf('/')) : '');

/**
 * Findings of medium and high risk, in groups that fit, the worst first; then those of low risk that fit. `more` counts
 * those left out.
 */
export function clipFindings(findings: readonly Finding[]): { findings: Finding[]; more: number } {
  const grave = gather(findings.filter(({ risk }) => risk !== 'low'));
  const small = rankFindings(findings.filter(({ risk }) => risk === 'low'));
  let bytes = bytesOf(grave);
  const fit = small
    .slice(0, Math.max(0, MAX_FINDINGS - grave.length))
    .map(shorten)
    .filter((finding) => (bytes += bytesOf([finding])) <= MAX_BYTES);
  return { findings: [...grave, ...fit], more: small.length - fit.length };
}

function gather(findings: readonly Finding[]): Finding[] {
  const plain = rankFindings(findings).map(shorten);
  if (isSmall(plain)) return plain;
  const staged = STAGES.map((stage) => rankFindings(joinAlike(findings, stage)).map(shorten));
  const last = staged.at(-1) ?? [];
  return staged.find(isSmall) ?? last.map((finding) => ({ ...finding, excerpt: finding.excerpt.slice(0, MAX_SHORT) }));
}

function isSmall(findings: readonly Finding[]): boolean {
  return findings.length <= MAX_FINDINGS && bytesOf(findings) <= MAX_BYTES;
}

function bytesOf(findings: readonly Finding[]): number {
  return findings.reduce((sum, finding) => sum + JSON.stringify(finding).length, 0);
}

function shorten(finding: Finding): Finding {
  return { ...finding, path: shortenPath(finding.path), why: finding.why.slice(0, 300) };
}

function joinAlike(findings: readonly Finding[], stage: Stage): Finding[] {
  return divide(findings, stage).flatMap((members) =>
    members.length < stage.least ? members : [joinOne(members, stage)],
  );
}

function divide(findings: readonly Finding[], { keyOf: partOf }: Stage): Finding[][] {
  const parts = new Map<string, Finding[]>();
  for (const finding of findings) {
    const part = parts.get(partOf(finding));
    if (part) part.push(finding);
    else parts.set(partOf(finding), [finding]);
  }
  return [...parts.values()];
}

function joinOne(members: readonly Finding[], { nameOf }: Stage): Finding {
  const [first] = rankFindings(members);
  if (!first) throw new Error('a group has members');
  const { line: _, ...rest } = first;
  const files = new Set(members.map(({ path }) => path)).size;
  const counted = members.length === files ? '' : `${showCount(members.length)} places in `;
  const place = `${escapeForPeople(first.path)}${first.line === undefined ? '' : `:${first.line}`}`;
  return {
    ...rest,
    path: nameOf(members.map(({ path }) => path)),
    why: `${counted}${showCount(files)} files, as ${place}: ${first.why}`,
    content: digestValue(members.map(findingKey).toSorted()).slice(0, 16),
    count: members.length,
  };
}

function showCount(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

/**
 * Keys of all findings that permits cover: single ones, and members of permitted groups. A group is recognised by its
 * members, so `findings` must hold everything that was shown together.
 */
export function listPermittedKeys(findings: readonly Finding[], kept: ReadonlySet<string>): Set<string> {
  const keys = new Set(findings.map(findingKey).filter((key) => kept.has(key)));
  const rest = findings.filter((finding) => !keys.has(findingKey(finding)));
  for (const stage of STAGES) {
    for (const members of divide(rest, stage)) {
      const isKept = members.length >= stage.least && kept.has(findingKey(shorten(joinOne(members, stage))));
      if (isKept) for (const member of members) keys.add(findingKey(member));
    }
  }
  return keys;
}
