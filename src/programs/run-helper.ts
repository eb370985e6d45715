/**
 * Runs one of the system's small programs that Node has no function for, such as mkfifo, chown or cp.
 * Rule: it gets no input and none of our environment; a failure says what the program printed.
 */
import { closed } from './child.ts';
import { findLauncher } from './starter.ts';

const PATH = '/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin';
/** Characters of the program's own words in an error. */
const MAX_WORDS = 500;

/** Runs a program to its end. Throws unless its exit status is 0. */
export async function runHelper(file: string, args: readonly string[]): Promise<void> {
  const launcher = await findLauncher();
  const ends = [{ kind: 'none' }, { kind: 'none' }, { kind: 'stream' }] as const;
  const child = await launcher.start({ file, args, cwd: '/', env: { PATH, LC_ALL: 'C' }, ends });
  let words = '';
  const errors = child.output(2).on('data', (chunk: Buffer) => (words += chunk.toString().slice(0, MAX_WORDS)));
  const isRead = closed(errors);
  const { exitCode, signal } = await child.exit;
  await isRead;
  if (exitCode !== 0) throw new Error(`${file} ended with ${signal ?? `exit status ${exitCode}`}: ${words.trim()}`);
}
