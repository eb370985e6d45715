/**
 * What a command line is, as facts that rules can judge and a history can keep: which programs run with which words,
 * what is redirected where, and why it can't be judged where it can't.
 * Rule: facts say too little only together with the reason in `unjudgeable`; what doesn't fit is never left out
 * silently.
 */

/** Stands in a word for what is known only when the command runs. */
export const DYNAMIC = '\uFFFC';

/** One program that a command line runs, through whatever it is wrapped in. */
export interface SimpleCommand {
  /** As written, quotes removed. */
  program: string;
  /** Its options and operands; of code only the paths that it names. */
  words: string[];
  /** What runs it: `sudo`, `xargs`, `sh -c`. */
  via?: string[];
}

export interface Redirection {
  kind: 'read' | 'write' | 'append';
  path: string;
}

export interface CommandFacts {
  /** Every simple command of the line, in order: of pipes, lists, subshells, substitutions and wrappers. */
  commands: SimpleCommand[];
  redirections: Redirection[];
  /** Paths that it writes, as far as words say. */
  writesTo: string[];
  /** Names of variables that it sets. */
  assignments: string[];
  background: boolean;
  /** Commands that look like the network's, by program and first words. */
  network: string[];
  /** Why text rules can't judge it; null where they can. */
  unjudgeable: string | null;
}

/** Facts that say nothing, and why: of a line that nobody could look at. */
export function noFacts(unjudgeable: string | null): CommandFacts {
  return {
    commands: [],
    redirections: [],
    writesTo: [],
    assignments: [],
    background: false,
    network: [],
    unjudgeable,
  };
}

/** A program without its folders. */
export function basename(program: string): string {
  return program.slice(program.lastIndexOf('/') + 1);
}

/** Bytes that the facts of one command may take in a history. */
export const MAX_FACT_BYTES = 1024;
/** Of a word that is no path only the start is kept: rules look at paths, options and subcommands. */
const MAX_PROSE = 48;

/** The facts in at most so many bytes of JSON; what had to be left out makes the line one that can't be judged. */
export function clipFacts(facts: CommandFacts, maxBytes = MAX_FACT_BYTES): CommandFacts {
  const short = { ...facts, commands: facts.commands.map(shortenProse), writesTo: distinct(facts.writesTo) };
  if (sizeOf(short) <= maxBytes) return short;
  const unjudgeable = facts.unjudgeable ?? 'its facts are too long to be kept whole';
  const clipped: CommandFacts = {
    ...short,
    commands: [],
    redirections: [],
    writesTo: [],
    assignments: [],
    network: facts.network.slice(0, 5).map((text) => text.slice(0, MAX_PROSE)),
    unjudgeable: unjudgeable.slice(0, 200),
  };
  for (const command of short.commands) {
    clipped.commands.push(command);
    if (sizeOf(clipped) > maxBytes) {
      clipped.commands.pop();
      break;
    }
  }
  return clipped;
}

function shortenProse(command: SimpleCommand): SimpleCommand {
  const words = command.words.map((word) =>
    word.length > MAX_PROSE && /\s/.test(word) ? `${word.slice(0, MAX_PROSE)}…` : word,
  );
  return { ...command, words };
}

function distinct(values: readonly string[]): string[] {
  return [...new Set(values)];
}

function sizeOf(value: unknown): number {
  return new TextEncoder().encode(JSON.stringify(value)).length;
}
