/**
 * What in an act's effects deserves a person's look, and how it is shown so that one look is enough.
 * Rule: the worst comes first. No kind and no file can push the others out, and the real bytes are shown, escaped.
 */
import { clipText } from '../text/lines.ts';
import { digestValue } from '../digest.ts';
import { escapeForPeople } from '../text/escape.ts';
import type { GateRule, Risk } from '../risk.ts';
import { RISKS, worse } from '../risk.ts';

/** Every kind of finding. Policy uses these names. */
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

export interface Finding {
  kind: FindingKind;
  path: string;
  /** Line in the file as it is now, from 1. Left out if the finding is about the whole file. */
  line?: number;
  /** The bytes in question, escaped, at most 200 characters. Empty if there are none to show. */
  excerpt: string;
  risk: Risk;
  why: string;
  /**
   * Digest of the bytes that the finding is about: of the line, or of the whole file. Left out in findings of old runs.
   */
  content?: string;
  /** How many findings this one stands for, all of this kind and risk. */
  count?: number;
}

/** Most characters of an excerpt: enough to read what is wrong, too few to hide it in. */
export const MAX_EXCERPT = 200;
/** Most lines that a person is shown for a decision. */
const MAX_LINES = 20;
/** Most columns of a line that is shown: two rows of a usual terminal. */
const MAX_COLUMNS = 160;

/** The bytes around index `at` of a line, escaped, at most `most` characters. Ellipses mark what was cut. */
export function excerptOf(line: string, at = 0, most = MAX_EXCERPT): string {
  const lead = at > most / 2 ? Math.max(0, at - 20) : 0;
  const body = line.slice(lead, lead + most).replace(/[\t ]+/g, ' ');
  const escaped = escapeForPeople(body.replaceAll('\n', '⏎'));
  const tail = escaped.length > most - 2 || lead + most < line.length ? '…' : '';
  return `${lead > 0 ? '…' : ''}${escaped.trim().slice(0, most - 2)}${tail}`;
}

/** The highest risk among findings; `low` if there are none. */
export function worstRisk(findings: readonly Finding[]): Risk {
  return findings.reduce<Risk>((risk, finding) => worse(risk, finding.risk), 'low');
}

/**
 * Sorts by risk, the worst first. Within a risk kinds take turns, and files within a kind, so that a hundred findings
 * of one sort hide no other.
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

/** Characters of a path that a history keeps. */
const MAX_PATH = 300;

/** Findings that were not there before. One that only moved to another line is not new. */
export function listFresh(now: readonly Finding[], before: readonly Finding[]): Finding[] {
  const known = new Set(before.map(findingKey));
  return now.filter((finding) => !known.has(findingKey(finding)));
}

/**
 * Identifies a finding by its bytes, wherever its line is. A permit covers this key, so it holds as long as the bytes
 * stay.
 */
export function findingKey({ kind, path, excerpt, risk, content }: Finding): string {
  // All files together make a task too large; the path is only the largest of them.
  const place = kind === 'too-large' && content !== undefined ? '' : shortenPath(path);
  return digestValue([kind, place, content ?? excerpt, risk]).slice(0, 16);
}

/** A path as a history keeps it: its last 300 characters. */
export function shortenPath(path: string): string {
  return path.length > MAX_PATH ? `…${path.slice(1 - MAX_PATH)}` : path;
}

/**
 * The text for a person: at most `max` lines of at most 160 columns. A finding is a line with what and where, and a
 * line with its bytes. The last line counts what is left out.
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
  return clipText(text.replace(/\s*\n\s*/g, ' '), most);
}

/**
 * What policy says about kinds of findings of medium and high risk. Findings of low risk always pass. For a kind that
 * policy does not name, high risk asks and medium passes.
 */
export type FindingRules = Partial<Record<FindingKind, GateRule>>;

/** The gate on effects: the strictest ruling on any finding, with the findings that got it. */
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
  // What was not read may hold anything that policy denies.
  if (kind === 'unread' && Object.values(rules).includes('deny')) return 'deny';
  return rules[kind] ?? (risk === 'high' ? 'ask' : 'allow');
}
