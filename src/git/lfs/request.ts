/**
 * HTTP requests to the hosts of LFS content.
 * Rule: a host is judged before each connection as the hosts of repositories are, it is connected to at the addresses
 * that were judged, and no redirect is followed. What is secret in an address or a header is in no error.
 */
import { lookup as lookUp } from 'node:dns';
import { readFile } from 'node:fs/promises';
import type { Agent, IncomingMessage } from 'node:http';
import { Agent as HttpAgent, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import type { LookupFunction } from 'node:net';
import { isIP } from 'node:net';
import type { UrlAddress } from '../../core/address.ts';
import { readAddress } from '../../core/address.ts';
import { GitFailure } from '../git-failure.ts';
import { judgeAddress } from '../reach.ts';
import { streamGit } from '../run-git.ts';
import type { Store } from '../store.ts';

/** A host that says nothing at all for so long has lost the connection. */
const SILENCE_MS = 60_000;
/** Milliseconds for the person's credential helper to answer. */
const CREDENTIAL_MS = 30_000;
/** Bytes of an answer to the batch API: a hundred objects with long signed addresses. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

/** The way to one host: scheme, name and port were judged. */
export interface Way {
  origin: string;
  agent: Agent;
}

/** Finds the way to a URL's host; fails where it may not be reached. */
export async function findWay(store: Store, url: URL): Promise<Way> {
  const { origin, pathname, protocol } = url;
  const read = readAddress(`${origin}/`);
  const isPlain = url.username === '' && url.password === '' && /^https?:$/.test(protocol);
  if (!isPlain || read.kind === 'bad' || read.address.kind === 'path')
    throw new GitFailure('no-content', `${origin} is no address of http or https that is read in one way only`);
  const address: UrlAddress = { ...read.address, path: pathname };
  const addresses = await judgeAddress(store.access, origin, address);
  const environment = store.environment ?? {};
  const authorities = environment['GIT_SSL_CAINFO'] ?? environment['SSL_CERT_FILE'];
  const options = {
    keepAlive: true,
    proxyEnv: environment,
    ...(addresses ? { lookup: pin(address.host, addresses) } : {}),
    ...(authorities === undefined ? {} : { ca: await readFile(authorities) }),
  };
  return { origin, agent: protocol === 'https:' ? new HttpsAgent(options) : new HttpAgent(options) };
}

/** Answers with the judged addresses for this host; another name is that of the worker's own proxy. */
function pin(host: string, addresses: readonly string[]): LookupFunction {
  const all = addresses.map((address) => ({ address, family: isIP(address) }));
  return (asked, options, answer) => {
    if (asked !== host) lookUp(asked, options, answer);
    else if (options.all === true) answer(null, all);
    else answer(null, all[0]?.address ?? '', all[0]?.family);
  };
}

/** One request. `body` makes it a POST. */
interface Ask {
  url: URL;
  headers: Readonly<Record<string, string>>;
  body?: string;
  signal: AbortSignal;
}

/** Sends a request and gives the answer once its head is there, whatever its status. */
export async function send({ origin, agent }: Way, { url, headers, body, signal }: Ask): Promise<IncomingMessage> {
  const start = url.protocol === 'https:' ? requestHttps : requestHttp;
  const method = body === undefined ? 'GET' : 'POST';
  return await new Promise((resolve, reject) => {
    const refuse = (error: unknown): void =>
      reject(
        signal.aborted
          ? signal.reason
          : new GitFailure('failed', `${origin} can't be reached: ${(error as Error).message}`),
      );
    try {
      const request = start(url, { agent, method, headers, signal, timeout: SILENCE_MS }, resolve);
      request.on('timeout', () => request.destroy(new Error('it said nothing for too long')));
      request.on('error', refuse);
      request.end(body);
    } catch (error) {
      // A header or an address that Node does not send.
      refuse(error);
    }
  });
}

/** The bytes of an answer; a connection that breaks is said to be that. */
export async function* readBody(answer: IncomingMessage, origin: string): AsyncIterable<Buffer> {
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) yield chunk;
  } catch (error) {
    throw new GitFailure('failed', `${origin} broke off: ${(error as Error).message}`);
  }
}

/** The whole text of a small answer. */
export async function readText(answer: IncomingMessage, origin: string): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of readBody(answer, origin)) {
    length += chunk.length;
    if (length > MAX_ANSWER_BYTES) throw new GitFailure('no-content', `${origin} answers without an end`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The credential that git would use for a URL, from the person's own helpers; undefined where these have none. */
export async function fillCredential(store: Store, { protocol, host, pathname }: URL): Promise<string | undefined> {
  const asked = `protocol=${protocol.slice(0, -1)}\nhost=${host}\npath=${pathname.slice(1)}\n\n`;
  const told = await streamGit(store.dir, ['credential', 'fill'], {
    env: store.environment ?? {},
    configuration: 'personal',
    input: [asked],
    timeoutMs: CREDENTIAL_MS,
  }).catch(() => undefined);
  const values = new Map((told?.output.toString('utf8') ?? '').split('\n').map((line) => cut(line)));
  const [user, password] = [values.get('username'), values.get('password')];
  if (user === undefined || password === undefined) return undefined;
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

function cut(line: string): [string, string] {
  const at = line.indexOf('=');
  return [line.slice(0, at), line.slice(at + 1)];
}
