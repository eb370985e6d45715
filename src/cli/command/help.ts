/**
 * How `cox --help` looks: commands in groups, and at the end of each command's help an example.
 * Rule: at most 100 columns, and readable at 80; an example runs as it is printed.
 */
import type { Command } from 'commander';
import { shellLine } from '../../core/text/shell-line.ts';

const MAX_COLUMNS = 100;
/** Of an example, without its indent. */
const MAX_LINE = 76;
/** The run of the examples: what `cox demo` calls its own. */
export const EXAMPLE_ID = 'demo-1';
/** The offline model does it too. */
export const GOAL_OF_EXAMPLE = 'replace `var $A = require($B)` with `const $A = require($B)`';

/** Sets the width and the words of a program's help; commands that are added later take them over. */
export function layOutHelp(program: Command): void {
  const columns = (stream: NodeJS.WriteStream): number => Math.min(stream.columns ?? 80, MAX_COLUMNS);
  program
    .configureOutput({
      getOutHelpWidth: () => columns(process.stdout),
      getErrHelpWidth: () => columns(process.stderr),
    })
    // Without "[options]", which every command has: the descriptions get the room.
    .configureHelp({ subcommandTerm: (command) => [command.name(), ...wordsOf(command)].join(' ') })
    .addHelpText('after', '\nBegin with:  cox demo\nThe options of a command, and an example:  cox <command> --help');
}

/** After what commander says of a mistyped command: where its options and an example are. */
export function pointToHelp(command: Command): void {
  command.showHelpAfterError(`Its options, and an example:  ${pathOf(command).join(' ')} --help`);
  for (const below of command.commands) pointToHelp(below);
}

function wordsOf({ registeredArguments }: Command): string[] {
  return registeredArguments.map((one) => (one.required ? `<${one.name()}>` : `[${one.name()}]`));
}

/** Ends a command's help with an example: what is typed after the command, and the same by plain Temporal. */
export function addExample(command: Command, words: readonly string[], byTemporal: readonly string[][] = []): Command {
  const lines = (): string[] => {
    const own = `  ${breakLine([...pathOf(command), ...words])}`;
    const same = byTemporal.map((line) => `  ${breakLine(line)}`);
    return ['', 'Example:', own, ...(same.length > 0 ? ['', 'The same by the temporal program:', ...same] : [])];
  };
  return command.addHelpText('after', () => lines().join('\n'));
}

/** A command with those above it, as it is typed. */
function pathOf(command: Command): string[] {
  return [...(command.parent ? pathOf(command.parent) : []), command.name()];
}

/** A line for a shell; one that is too long is broken before its options, and the JSON in it at its fields. */
function breakLine(words: readonly string[]): string {
  const line = shellLine(words);
  if (line.length <= MAX_LINE) return line;
  const parts: string[][] = [[]];
  for (const word of words) {
    if (['--check', '--input', '--query'].includes(word)) parts.push([]);
    parts.at(-1)?.push(word);
  }
  return parts.map((part) => shellLine(part.length === 2 ? part.map(breakJson) : part)).join(' \\\n    ');
}

function breakJson(word: string): string {
  if (!word.startsWith('{') || word.length <= MAX_LINE) return word;
  return JSON.stringify(JSON.parse(word), null, 2).replaceAll('\n', '\n    ');
}
