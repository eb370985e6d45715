/**
 * The command that runs a Python script, for blind attacks that need system calls which no program offers.
 * Rule: the command contains the script, so that no part of it is in the repository.
 */

/** A command that runs `script` with Python, quoted so that the shell changes no byte of it. */
export function python(script: string): string {
  return `python3 - <<'END_OF_SCRIPT'\n${script}\nEND_OF_SCRIPT`;
}
