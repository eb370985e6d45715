/**
 * The facts about a command line: its programs and their words, its redirections, and why it can't be judged, if so.
 * Rules judge these facts, and they are small enough for a workflow's history.
 * Rule: facts are incomplete only if `unjudgeable` says why.
 */

/** Stands in a word for a part that is known only when the command runs. */
export const DYNAMIC = '\uFFFC';

/** One program that a command line runs, directly or through wrappers. */
export interface SimpleCommand {
  /** As written, without quotes. */
  program: string;
  /** Options and operands. A piece of code is replaced by the paths that it names. */
  words: string[];
  /** The wrappers around it, outermost first: `sudo`, `xargs`, `sh -c`. At most the last three. */
  via?: string[];
}

export interface Redirection {
  kind: 'read' | 'write' | 'append';
  path: string;
}

export interface CommandFacts {
  /** Every simple command of the line, in order: also in pipes, lists, subshells, substitutions and wrappers. */
  commands: SimpleCommand[];
  redirections: Redirection[];
  /** Paths that the line writes or removes, as far as its words say. */
  writesTo: string[];
  /** Names of the variables that the line sets. */
  assignments: string[];
  background: boolean;
  /** Commands that look like network use, as program and first words. */
  network: string[];
  /** Why rules can't judge the line; null if they can. */
  unjudgeable: string | null;
}

/** Empty facts, for a line that could not be read or is still to be read. */
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

/** Most bytes of JSON that the facts of one command may take in a history. */
export const MAX_FACT_BYTES = 1024;
/** A word with spaces is cut to this many characters: rules look at paths, options and subcommands. */
const MAX_PROSE = 48;

/**
 * The facts in at most `maxBytes` of JSON. If something had to be dropped, the line becomes one that can't be judged.
 */
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
