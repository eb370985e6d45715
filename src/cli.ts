/**
 * The command `cox`: runs the program on this process's arguments.
 * Rule: it can do nothing that the plain `temporal` program can't, it only does it more comfortably.
 */
import { program } from './cli/program.ts';

// The reader of the output has gone, as `head` does: end in order, and the stack with it.
process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => {
  if (code === 'EPIPE') process.kill(process.pid, 'SIGTERM');
});

await program.parseAsync();
