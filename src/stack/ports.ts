/**
 * Looks at TCP ports of this machine.
 * Rule: a result is true only at that moment, so callers must expect that another program takes the port.
 */
import { connect, createServer } from 'node:net';

/** The only address that Coxswain's own servers listen on. */
export const HOST = '127.0.0.1';

/** A free port, chosen by the system. */
export async function findFreePort(): Promise<number> {
  const port = await tryListen(0);
  if (port === undefined) throw new Error(`no port of ${HOST} can be opened`);
  return port;
}

/** Whether a server could listen on this port now. */
export async function isPortFree(port: number): Promise<boolean> {
  return (await tryListen(port)) !== undefined;
}

/** Whether something accepts connections on this port. */
export async function isListening(port: number, host = HOST): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect(port, host);
    const answer = (value: boolean) => () => {
      socket.destroy();
      resolve(value);
    };
    socket.once('connect', answer(true)).once('error', answer(false));
  });
}

async function tryListen(port: number): Promise<number | undefined> {
  return await new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(undefined));
    probe.listen(port, HOST, () => {
      const address = probe.address();
      probe.close(() => resolve(address !== null && typeof address === 'object' ? address.port : undefined));
    });
  });
}
