/**
 * Makes an option that is given twice an error.
 * Rule: nothing that a person typed is dropped unseen; an option that may be repeated collects its values itself.
 */
import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';

/** For every option of a program and its commands that takes one value. */
export function refuseRepeats(program: Command): void {
  for (const option of program.options) {
    if (option.parseArg || option.isBoolean()) continue;
    let isGiven = false;
    option.argParser((value: string) => {
      if (isGiven) throw new InvalidArgumentError('It is given twice: give it once.');
      isGiven = true;
      return value;
    });
  }
  for (const command of program.commands) refuseRepeats(command);
}
