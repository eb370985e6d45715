/**
 * Shows a long text: in the person's pager at a terminal, plainly elsewhere.
 * Rule: the pager is git's (`GIT_PAGER`, `core.pager`, `PAGER`, `less`); a person who leaves it early has seen enough.
 * Where it can't be started, the text is printed.
 */
import { styleText } from 'node:util';
import { execa } from 'execa';

/** As git colours a difference by default. */
const STYLES: readonly (readonly [start: RegExp, style: 'bold' | 'cyan' | 'green' | 'red'])[] = [
  [/^(diff |index |--- |\+\+\+ |new file|deleted file|old mode|new mode|similarity|rename )/, 'bold'],
  [/^@@/, 'cyan'],
  [/^\+/, 'green'],
  [/^-/, 'red'],
];

/** A shell's exit status for a program that it can't run, or can't find. */
const NOT_STARTED: readonly number[] = [126, 127];

/**
 * Prints the text, one screen at a time at a terminal. The text has to be safe to show. `stays`: also a text that fits
 * on the screen is shown until the person has seen enough.
 */
export async function page(text: string, until: 'shown' | 'stays' = 'shown'): Promise<void> {
  if (!process.stdout.isTTY) {
    process.stdout.write(text);
    return;
  }
  const { stdout: pager } = await execa('git', ['var', 'GIT_PAGER'], { reject: false });
  // As git has it: unless told otherwise, less shows colours and ends by itself where all fits on the screen.
  const options = until === 'stays' ? ' -+F -+X' : '';
  const command = `LESS="\${LESS-FRX}${options}" LV="\${LV--c}" ${pager || 'cat'}`;
  // Ctrl-C is for the pager, as under git: less stops its search and stays.
  const ignore = (): void => undefined;
  process.on('SIGINT', ignore);
  const shown = await execa(command, {
    shell: true,
    input: colour(text),
    stdout: 'inherit',
    stderr: 'inherit',
    reject: false,
  });
  const isMissing = shown.exitCode !== undefined && NOT_STARTED.includes(shown.exitCode);
  if (isMissing) process.stdout.write(colour(text));
  // Only a pager waits for the person by itself.
  if (until === 'stays' && (isMissing || (pager || 'cat') === 'cat')) {
    process.stdout.write('\n(Enter goes back) ');
    await execa('sh', ['-c', 'read -r _'], { stdin: 'inherit', reject: false });
  }
  process.off('SIGINT', ignore);
}

/** The lines of a difference in git's colours; Node leaves them out where NO_COLOR says so. */
function colour(text: string): string {
  const lines = text.split('\n').map((line) => {
    const style = STYLES.find(([start]) => start.test(line))?.[1];
    return style ? styleText(style, line, { stream: process.stdout }) : line;
  });
  return lines.join('\n');
}
