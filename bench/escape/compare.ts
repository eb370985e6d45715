/**
 * Runs one attack or one piece of daily work with one runner, and turns the outcome into a cell of the table.
 * Rule: an outcome that can't be judged is `n/a` with its reason, never good or bad.
 */
import { execFileSync } from 'node:child_process';
import type { Attack, Host, Outcome, RunnerName } from './attack.ts';
import type { Prepared } from './runner.ts';
import type { Cell, Row } from './table.ts';
import { runTrial } from './trial.ts';

/** An attack or a piece of work, in a common form. */
export interface Contest extends Omit<Row, 'cells'> {
  job: Omit<Attack, 'area' | 'tries' | 'succeeded'>;
  /** Whether the runner did well: the attack had no effect, the work was done. */
  isGood(host: Host, outcome: Outcome): Promise<boolean>;
}

/** An attack as a contest. */
export function contestOf(attack: Attack & { isBlind: boolean }): Contest {
  return {
    section: attack.isBlind ? 'blind attack' : 'attack',
    area: attack.area,
    name: attack.name,
    about: attack.tries,
    job: attack,
    isGood: async (host, outcome) => !(await attack.succeeded(host, outcome)),
  };
}

/** The cell of one trial; `parent` is where the trial's folder is made. */
export async function compare(contest: Contest, runner: RunnerName, prepared: Prepared, parent: string): Promise<Cell> {
  if (prepared.kind === 'absent') return { kind: 'none', note: 'not here' };
  const { job, section } = contest;
  const reason = job.notFor?.[runner];
  if (reason !== undefined) return { kind: 'none', note: reason };
  const missing = (job.needs ?? []).filter((need) => !isHere(need));
  if (missing.length > 0) return { kind: 'none', note: `needs ${missing.join(', ')}` };
  const trial = await runTrial(parent, runner, prepared, {
    job,
    judge: async (host, outcome) => await contest.isGood(host, outcome),
  });
  if (trial.kind === 'failed') return { kind: section === 'daily work' ? 'bad' : 'none', note: short(trial.why) };
  const { verdict, outcome } = trial;
  if (verdict) return { kind: 'good', note: outcome.trouble === undefined ? '' : short(outcome.trouble) };
  return { kind: 'bad', note: section === 'daily work' ? whyNot(outcome) : '' };
}

/** Whether this machine has a program, or its user is root; a text with a space is a command that has to succeed. */
function isHere(need: string): boolean {
  if (need === 'root') return process.getuid?.() === 0;
  try {
    execFileSync('sh', ['-c', need.includes(' ') ? need : `command -v ${need}`], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function whyNot({ exitCode, output, trouble }: Outcome): string {
  const last = output
    .trim()
    .split('\n')
    .find((line) => /error|denied|not |fail|unable|read-only/i.test(line));
  return short(trouble ?? `exit status ${exitCode ?? 'none'}${last === undefined ? '' : `: ${last}`}`);
}

function short(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they would spoil the table.
  return text
    .replaceAll(/[\u0000-\u001f]+/g, ' ')
    .trim()
    .slice(0, 160);
}
