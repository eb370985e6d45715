/**
 * Listens on this machine with a server of ours, at a usual port or a free one, and closes it with its connections.
 * Rule: a port that was asked for is that port or an error.
 */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Listening {
  host: string;
  /** The port that was asked for. */
  port: number | undefined;
  /** Tried where none was asked for, before a free one. */
  usualPort: number;
}

/** Gives the port. */
export async function listen(server: Server, { host, port, usualPort }: Listening): Promise<number> {
  const listenAt = async (at: number): Promise<void> => {
    await new Promise<void>((done, fail) => {
      server.once('error', fail);
      server.listen(at, host, () => {
        server.off('error', fail);
        done();
      });
    });
  };
  await (port === undefined ? listenAt(usualPort).catch(async () => await listenAt(0)) : listenAt(port));
  return (server.address() as AddressInfo).port;
}

export async function closeWhole(server: Server): Promise<void> {
  const closed = new Promise<void>((done) => {
    server.close(() => done());
  });
  server.closeAllConnections();
  await closed;
}
