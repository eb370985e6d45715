/**
 * A proxy in front of Temporal's UI: it passes on only requests of this machine's browser to this machine's own names.
 * Rule: a refused request never reaches the UI, and the UI itself listens at an address that web pages can't guess.
 */
import { randomInt } from 'node:crypto';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer, request as sendRequest } from 'node:http';
import { HOST } from './ports.ts';

/** Names that no web page can have. A page whose name resolves to this machine (DNS rebinding) sends its own name. */
const OWN_NAMES = new Set([HOST, 'localhost', '[::1]']);

/** Whether a request's `Host` is a name of this machine that only its own browser uses. */
export function isOwnName(host: string): boolean {
  return OWN_NAMES.has(host.toLowerCase().replace(/:\d+$/, ''));
}

/** The address at which the UI itself listens. */
export interface HiddenUi {
  ip: string;
  port: number;
}

/**
 * A loopback address for the UI. On Linux it is a random one of 127.0.0.0/8, which a web page can't guess. Elsewhere
 * only 127.0.0.1 exists, so only the port is unknown.
 */
export function chooseHiddenIp(platform: NodeJS.Platform = process.platform): string {
  return platform === 'linux' ? ['127', randomInt(1, 255), randomInt(0, 256), randomInt(1, 255)].join('.') : HOST;
}

/** Serves the UI at this port. Rejects if the port is taken. */
export async function guardUi(port: number, ui: HiddenUi): Promise<{ close(): void }> {
  const server = createServer((request, response) => {
    const why = refuse(request);
    if (why === undefined) forward(request, response, ui);
    else end(response, 403, why);
  });
  await listen(server, port);
  return {
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function listen(server: Server, port: number): Promise<void> {
  await new Promise<void>((done, fail) => {
    server.once('error', fail);
    server.listen(port, HOST, done);
  });
}

/** Why a request is refused; undefined for one that the user's browser sends to this machine from the UI's own page. */
function refuse({ headers: { host = '', origin } }: IncomingMessage): string | undefined {
  if (!isOwnName(host)) return `the UI answers as ${HOST} or localhost only: open it by that name`;
  if (origin !== undefined && origin.toLowerCase() !== `http://${host.toLowerCase()}`)
    return 'another web page sent this request: only the UI itself may';
  return undefined;
}

function forward(request: IncomingMessage, response: ServerResponse, { ip, port }: HiddenUi): void {
  const { method, url = '/', headers } = request;
  const upstream = sendRequest({ host: ip, port, method, path: url, headers, setHost: false, agent: false });
  upstream.on('response', (answer) => {
    answer.on('error', () => response.destroy());
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  upstream.on('error', (error) => {
    if (response.headersSent) response.destroy();
    else end(response, 502, `Temporal's UI does not answer: ${error.message}`);
  });
  response.on('close', () => upstream.destroy());
  request.on('error', () => upstream.destroy());
  request.pipe(upstream);
}

function end(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'Content-Type': 'text/plain', Connection: 'close' });
  response.end(`coxswain: ${text}\n`);
}
