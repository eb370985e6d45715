/**
 * The options that narrow a list of runs, the same for every command that shows or touches many.
 * Rule: each is a word that `cox list` shows; `--query` takes what Temporal's own list takes.
 */
import type { Command } from 'commander';

/** Adds the options of a filter. */
export function addFilters(command: Command): Command {
  return command
    .option('--team <name>', 'only those of this team')
    .option('--campaign <name>', 'only those of this campaign')
    .option('--repository <part>', 'only those whose repository has this in its address')
    .option('--state <state>', 'only those in this state, such as working')
    .option('--needs [kind]', 'only those that wait for a person, or for this kind of decision, such as plan')
    .option('--query <condition>', `a condition in Temporal's words, such as 'CoxTeam = "blue"'`);
}
