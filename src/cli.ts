/**
 * The command `cox`: runs the program on this process's arguments.
 * Rule: whatever it does to a run can also be done with the plain `temporal` program, only less comfortably.
 */
import { createProgram } from './cli/program.ts';

// The reader of our output has gone, as `head` does after its lines: end in order, and end the stack too.
process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => {
  if (code === 'EPIPE') process.kill(process.pid, 'SIGTERM');
});

const program = await createProgram(process.argv.slice(2));
await program.parseAsync();
