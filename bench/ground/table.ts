/**
 * The table of the ground bench, for `bench/results/ground.md`.
 * Rule: every case that was tried is in it, whatever its outcome.
 */
import type { Against } from './case.ts';

export interface Row {
  name: string;
  against: Against;
  blind: boolean;
  outcome: 'held' | 'FAILED' | 'broken';
  saw: string;
}

export function summary(rows: readonly Row[]): string {
  const count = (outcome: Row['outcome'], blind?: boolean): number =>
    rows.filter((row) => row.outcome === outcome && (blind === undefined || row.blind === blind)).length;
  const blind = rows.filter((row) => row.blind).length;
  const broken = count('broken') > 0 ? `; ${count('broken')} could not be tried` : '';
  return `${count('held')} of ${rows.length} held (${count('held', true)} of ${blind} by an author who had not read the guards)${broken}`;
}

export function renderTable(rows: readonly Row[]): string {
  const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
  const line = ({ name, against, blind, outcome, saw }: Row): string =>
    `| ${cell(name)} | ${against} | ${blind ? 'blind' : ''} | ${outcome} | ${cell(saw)} |`;
  return [
    '# Ground bench',
    '',
    'Made by `npm run bench:ground`; see `bench/ground/README.md` for what is tried and how a case is judged.',
    '',
    `${new Date().toISOString().slice(0, 10)}: ${summary(rows)}`,
    '',
    '| what must hold | against | | outcome | what was seen |',
    '|---|---|---|---|---|',
    ...rows.map(line),
    '',
  ].join('\n');
}
