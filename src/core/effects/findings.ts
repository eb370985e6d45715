/**
 * What is worth a person's look in an act's effects, and how it is shown so that the look is enough.
 * Rule: the worst comes first, no kind and no file can push the others out, and what is shown are the real bytes,
 * escaped.
 */
import { digestValue } from '../digest.ts';
import { escapeForPeople } from '../text/escape.ts';
import type { GateRule, Risk } from '../risk.ts';
import { RISKS, worse } from '../risk.ts';

/** Every kind of finding; policy names them. */
export const FINDING_KINDS = [
  'secret',
  'planted-instruction',
  'obfuscation',
  'weakened-test',
  'deleted-test',
  'executable-configuration',
  'lockfile',
  'new-dependency',
  'ignored-file',
  'new-capability',
  'agent-instructions',
  'symlink',
  'executable-bit',
  'outside-paths',
  'protected-path',
  'misleading-name',
  'binary',
  'lfs-content',
  'too-large',
  'unread',
  'unexplained',
] as const;
export type FindingKind = (typeof FINDING_KINDS)[number];

/** One thing found in a change. */
export interface Finding {
  kind: FindingKind;
  path: string;
  /** Line in the file as it is now, from 1; left out where the whole file is meant. */
  line?: number;
  /** The bytes in question, escaped, at most 200 characters; empty where there are none to show. */
  excerpt: string;
  risk: Risk;
  why: string;
  /** The bytes that it is about, as a digest: of the line, or of the whole file. Left out by judges of before. */
  content?: string;
  /** How many findings it stands for, all of this kind and risk. */
  count?: number;
}

/** Characters of an excerpt: enough to read what is wrong, too few to hide it in. */
export const MAX_EXCERPT = 200;
/** Lines that people read of a decision before they decide. */
const MAX_LINES = 20;
/** Columns of a line that is shown: two rows of a usual terminal. */
const MAX_COLUMNS = 160;

/**
 * The bytes around a place in a line, escaped; what was cut is said by ellipses. A long line is shown from where the
 * place is.
 */
export function excerptOf(line: string, at = 0, most = MAX_EXCERPT): string {
  const lead = at > most / 2 ? Math.max(0, at - 20) : 0;
  const body = line.slice(lead, lead + most).replace(/[\t ]+/g, ' ');
  const escaped = escapeForPeople(body.replaceAll('\n', '⏎'));
  const tail = escaped.length > most - 2 || lead + most < line.length ? '…' : '';
  return `${lead > 0 ? '…' : ''}${escaped.trim().slice(0, most - 2)}${tail}`;
}

/** The highest risk among findings; low without any. */
export function worstRisk(findings: readonly Finding[]): Risk {
  return findings.reduce<Risk>((risk, finding) => worse(risk, finding.risk), 'low');
}

/**
 * The worst first. Within a risk kinds take turns, and files within a kind, so that a hundred findings of one sort
 * hide nothing.
 */
export function rankFindings(findings: readonly Finding[]): Finding[] {
  const kinds = new Map<string, number>();
  const files = new Map<string, number>();
  const placed = findings.map((finding, index) => {
    const turn = take(kinds, `${finding.risk} ${finding.kind}`);
    const again = take(files, `${finding.risk} ${finding.kind} ${finding.path}`);
    return { finding, order: [-RISKS[finding.risk], again, turn, FINDING_KINDS.indexOf(finding.kind), index] };
  });
  return placed.toSorted((a, b) => compare(a.order, b.order)).map(({ finding }) => finding);
}

function take(turns: Map<string, number>, key: string): number {
  const turn = turns.get(key) ?? 0;
  turns.set(key, turn + 1);
  return turn;
}

function compare(one: readonly number[], other: readonly number[]): number {
  const at = one.findIndex((value, index) => value !== other[index]);
  return at < 0 ? 0 : (one[at] ?? 0) - (other[at] ?? 0);
}

/** Characters of a path and of a reason that are kept. */
const MAX_PATH = 300;

/** Findings that were not there before; what merely stands at another line now is none. */
export function listFresh(now: readonly Finding[], before: readonly Finding[]): Finding[] {
  const known = new Set(before.map(findingKey));
  return now.filter((finding) => !known.has(findingKey(finding)));
}

/** A finding by its bytes, wherever its line stands: what a person kept is known by this, while those bytes stay. */
export function findingKey({ kind, path, excerpt, risk, content }: Finding): string {
  // A task that is too large is so by its files together; the path is only the largest of them.
  const place = kind === 'too-large' && content !== undefined ? '' : shortenPath(path);
  return digestValue([kind, place, content ?? excerpt, risk]).slice(0, 16);
}

/** A path as a history keeps it. */
export function shortenPath(path: string): string {
  return path.length > MAX_PATH ? `…${path.slice(1 - MAX_PATH)}` : path;
}

/**
 * What a person is shown, at most `max` lines of at most 160 columns: a line of what and where, below it the bytes.
 * What is left out is said in the last line.
 */
export function renderFindings(findings: readonly Finding[], max = MAX_LINES): string[] {
  const ranked = rankFindings(findings);
  const blocks = ranked.map((finding) => showFinding(finding));
  const lines: string[] = [];
  let shown = 0;
  for (const block of blocks) {
    const isLast = shown === blocks.length - 1;
    if (lines.length + block.length > (isLast ? max : max - 1)) break;
    lines.push(...block);
    shown += 1;
  }
  return shown === blocks.length ? lines : [...lines, countRest(ranked.slice(shown))];
}

function showFinding({ kind, path, line, excerpt, risk, why }: Finding): string[] {
  const place = `${escapeForPeople(path)}${line === undefined ? '' : `:${line}`}`;
  const head = cut(`${risk.toUpperCase()} ${kind} ${place}: ${why}`, MAX_COLUMNS);
  return excerpt === '' ? [head] : [head, cut(`    ${excerpt}`, MAX_COLUMNS)];
}

function countRest(rest: readonly Finding[]): string {
  const counts = new Map<string, number>();
  for (const { kind, risk } of rest) counts.set(`${risk} ${kind}`, (counts.get(`${risk} ${kind}`) ?? 0) + 1);
  return cut(
    `… and ${rest.length} more: ${[...counts].map(([of, count]) => `${count} ${of}`).join(', ')}`,
    MAX_COLUMNS,
  );
}

function cut(text: string, most: number): string {
  const line = text.replace(/\s*\n\s*/g, ' ');
  return line.length > most ? `${line.slice(0, most - 1)}…` : line;
}

/**
 * What policy says of kinds of findings, for those of medium risk and above: what a task itself asked for is low, and
 * passes. Of a kind that policy does not name, those of high risk ask.
 */
export type FindingRules = Partial<Record<FindingKind, GateRule>>;

/** The gate on effects: the strictest answer that any finding gets, with the findings that it is about. */
export function gateFindings(
  findings: readonly Finding[],
  rules: FindingRules = {},
): { outcome: GateRule; about: Finding[] } {
  for (const outcome of ['deny', 'ask'] as const) {
    const about = findings.filter((finding) => gateOf(finding, rules) === outcome);
    if (about.length > 0) return { outcome, about: rankFindings(about) };
  }
  return { outcome: 'allow', about: [] };
}

function gateOf({ kind, risk }: Finding, rules: FindingRules): GateRule {
  if (risk === 'low') return 'allow';
  // Whatever policy denies may be in what nobody looked at.
  if (kind === 'unread' && Object.values(rules).includes('deny')) return 'deny';
  return rules[kind] ?? (risk === 'high' ? 'ask' : 'allow');
}
