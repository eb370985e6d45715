/**
 * Applies the rules to public corpora of commands, by their text alone: which dangerous commands pass without a
 * question, and which benign ones ask.
 * Rule: rules are tuned on one half of the programs only, and the other half is reported separately; the corpora are
 * not copied into this repository.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { looksOnly } from '../../src/core/commands/read-only-rules.ts';
import { BUILT_IN_RULES } from '../../src/core/commands/built-in-rules.ts';
import { clipFacts } from '../../src/core/commands/facts.ts';
import { ruleOnCommand } from '../../src/core/commands/rule-on-command.ts';
import { parseCommand } from '../../src/core/commands/parse.ts';
import { markdown, percent } from './table.ts';

/** Halves of the programs: authors of rules may look at the first, never at the second. */
const HALVES = ['tuned on', 'held out'] as const;
type Half = (typeof HALVES)[number];

/** With isolation a command runs unless a rule asks or denies; without, only if a rule allows it. */
const ISOLATIONS = ['with isolation', 'without isolation'] as const;
type Isolation = (typeof ISOLATIONS)[number];

/** One command of a corpus. */
export interface CorpusEntry {
  program: string;
  command: string;
}

/** The table for the corpora in a folder, as Markdown. */
export function corpusTable(folder: string): string {
  const [dangerous = [], benign = []] = ['dangerous', 'benign'].map((name) =>
    loadCorpus(join(folder, `${name}.jsonl`)).map((entry) => ({ half: halfOf(entry), asked: askedIn(entry.command) })),
  );
  const rows = ISOLATIONS.flatMap((isolation) =>
    HALVES.map((half) => [
      `${isolation}, ${half}`,
      countWhere(dangerous, half, ({ asked }) => !asked.includes(isolation)),
      countWhere(benign, half, ({ asked }) => asked.includes(isolation)),
    ]),
  );
  return markdown(['rules', 'dangerous passed in silence', 'benign asked'], rows);
}

function loadCorpus(path: string): CorpusEntry[] {
  const lines = readFileSync(path, 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as CorpusEntry);
}

/** All commands of a program are in one half, so that no rule is checked on what it was made from. */
export function halfOf({ program }: CorpusEntry): Half {
  return (createHash('sha256').update(program).digest()[0] ?? 0) % 2 === 0 ? 'tuned on' : 'held out';
}

/** The isolations under which the command asks a person or is refused. */
export function askedIn(command: string): Isolation[] {
  const facts = clipFacts(parseCommand(fillIn(command)));
  return ISOLATIONS.filter((isolation) => {
    if (isolation === 'without isolation') return !looksOnly(facts);
    return ruleOnCommand(facts, BUILT_IN_RULES).outcome !== 'allow';
  });
}

/** Fills in an example's placeholders: the last of several spellings, the first of several examples. */
export function fillIn(command: string): string {
  return command.replaceAll(/\{\{(.*?)\}\}/g, (_, inside: string) => {
    const spellings = /^\[(.*)\]$/.exec(inside);
    if (spellings) return spellings[1]?.split('|').at(-1) ?? '';
    return (inside.split('|')[0] ?? '').replace(/\s*\.\.\.$/, '').replaceAll("'", '');
  });
}

interface Judged {
  half: Half;
  asked: Isolation[];
}

function countWhere(corpus: readonly Judged[], half: Half, holds: (entry: Judged) => boolean): string {
  const entries = corpus.filter((entry) => entry.half === half);
  const count = entries.filter(holds).length;
  return `${count} of ${entries.length} (${percent(count / Math.max(1, entries.length))})`;
}
