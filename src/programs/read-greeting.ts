/**
 * Reads the line with which a connection to a starter's owner begins.
 * Rule: what follows the line is left in the socket, and a connection without such a line is closed.
 */
import type { Socket } from 'node:net';

/** Timeout of a connection's greeting: our own is written at once. */
const GREETING_MS = 10_000;
/** Longer than our own greetings. */
const MAX_GREETING_BYTES = 100;

/** Calls with the words of the first line. */
export function readGreeting(socket: Socket, take: (words: string[]) => void): void {
  const timer = setTimeout(() => socket.destroy(), GREETING_MS);
  timer.unref();
  socket.on('error', () => undefined);
  let line = Buffer.alloc(0);
  const read = (): void => {
    const chunk = socket.read() as Buffer | null;
    if (chunk === null) return;
    line = Buffer.concat([line, chunk]);
    const end = line.indexOf('\n');
    if (end < 0 && line.length < MAX_GREETING_BYTES) return;
    clearTimeout(timer);
    socket.off('readable', read);
    if (end + 1 < line.length) socket.unshift(line.subarray(end + 1));
    take(line.subarray(0, Math.max(0, end)).toString('latin1').split(' '));
  };
  socket.on('readable', read);
}
