/**
 * A receiver of notices: a real HTTP server that keeps what it gets.
 * Rule: it answers as the test says, and ends with it.
 */
import { createServer } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

export interface HttpReceiver {
  url: string;
  port: number;
  got: { headers: IncomingHttpHeaders; body: string }[];
  /** The status of its next answers. */
  answer: number;
  close: () => Promise<void>;
}

/** Listens at this port, or at a free one. */
export async function startReceiver(port = 0): Promise<HttpReceiver> {
  const got: HttpReceiver['got'] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      got.push({ headers: request.headers, body });
      response.writeHead(receiver.answer, { Location: receiver.url, Connection: 'close' }).end();
    });
  });
  await new Promise<void>((done) => {
    server.listen(port, '127.0.0.1', done);
  });
  const close = async (): Promise<void> => {
    await new Promise<void>((done) => {
      server.close(() => done());
      server.closeAllConnections();
    });
  };
  onTestFinished(close);
  const { port: at } = server.address() as AddressInfo;
  const receiver: HttpReceiver = { url: `http://127.0.0.1:${at}/hook`, port: at, got, answer: 204, close };
  return receiver;
}
