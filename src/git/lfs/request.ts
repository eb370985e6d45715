/**
 * HTTP requests to hosts of LFS content.
 * Rule: every URL, with its path, is checked like a repository's address; connections go to the checked addresses, and
 * no redirect is followed. Errors contain no secrets of addresses or headers.
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
import type { Access } from '../reach.ts';
import { findConnectAddresses } from '../reach.ts';
import { streamGit } from '../run-git.ts';
import type { Store } from '../store.ts';

/** After so long without a byte the connection counts as lost. */
const SILENCE_MS = 60_000;
/** Timeout of the credential helper of the worker's user. */
const CREDENTIAL_MS = 30_000;
/** Most bytes of a response of the batch API: enough for a hundred objects with long signed addresses. */
const MAX_RESPONSE_BYTES = 4 * 1024 * 1024;

/** A path that a server may read as another one: encoded separators, dots or percent signs, or `..;`. */
const AMBIGUOUS = /%(?:2f|5c|2e|25|00)|\/\.{1,2};/i;

/** A checked URL's origin, with an agent that connects to the checked addresses. */
export interface Way {
  origin: string;
  agent: Agent;
}

/** The connections of one download. Connections and addresses are reused by host; each URL is checked again. */
export interface Ways {
  /** Checks a URL. Throws a GitFailure if it may not be reached. */
  find(url: URL): Promise<Way>;
  close(): Promise<void>;
}

export function openWays(store: Store): Ways {
  const agents = new Map<string, Promise<Agent>>();
  const access = store.access && lookUpOnce(store.access);
  return {
    find: async (url) => {
      const { origin } = url;
      const address = readTarget(url);
      const addresses = await findConnectAddresses(access, origin, address);
      // A root may list only some paths of a host.
      const key = `${origin} ${addresses === undefined ? 'listed' : 'judged'}`;
      const agent = agents.get(key) ?? openAgent(store, address, addresses);
      agents.set(key, agent);
      return { origin, agent: await agent };
    },
    close: async () => {
      for (const agent of await Promise.allSettled(agents.values()))
        if (agent.status === 'fulfilled') agent.value.destroy();
    },
  };
}

/** The same access, which looks up each host only once. */
function lookUpOnce(access: Access): Access {
  const found = new Map<string, ReturnType<Access['findAddresses']>>();
  return {
    ...access,
    findAddresses: async (address) => {
      const known = found.get(address.host) ?? access.findAddresses(address);
      found.set(address.host, known);
      return await known;
    },
  };
}

/** The parts of a URL that are checked. An ambiguous path becomes empty, so it is below no root with a path. */
function readTarget({ origin, pathname, protocol, username, password }: URL): UrlAddress {
  const read = readAddress(`${origin}/`);
  const isPlain = username === '' && password === '' && /^https?:$/.test(protocol);
  if (!isPlain || read.kind === 'bad' || read.address.kind === 'path')
    throw new GitFailure('no-content', `${origin} is no plain address of http or https`);
  return { ...read.address, path: AMBIGUOUS.test(pathname) ? '' : pathname };
}

async function openAgent(
  { environment = {} }: Store,
  { scheme, host }: UrlAddress,
  addresses: readonly string[] | null | undefined,
): Promise<Agent> {
  // Without checked addresses only a proxy may look up the host. Node ignores ALL_PROXY and would look it up itself.
  const isProxied = Object.keys(environment).some((name) => name.toLowerCase() === `${scheme}_proxy`);
  if (addresses === null && !isProxied)
    throw new GitFailure(
      'unreachable',
      `${host} has no address that this worker can find, and no proxy is set for LFS content: set ${scheme.toUpperCase()}_PROXY`,
    );
  const authorities = environment['GIT_SSL_CAINFO'] ?? environment['SSL_CERT_FILE'];
  const options = {
    keepAlive: true,
    proxyEnv: environment,
    ...(addresses ? { lookup: pin(host, addresses) } : {}),
    ...(authorities === undefined ? {} : { ca: await readFile(authorities) }),
  };
  return scheme === 'https' ? new HttpsAgent(options) : new HttpAgent(options);
}

/** Looks up this host as the checked addresses. Any other name is that of the worker's own proxy. */
function pin(host: string, addresses: readonly string[]): LookupFunction {
  const all = addresses.map((address) => ({ address, family: isIP(address) }));
  return (asked, options, done) => {
    if (asked !== host) lookUp(asked, options, done);
    else if (options.all === true) done(null, all);
    else done(null, all[0]?.address ?? '', all[0]?.family);
  };
}

/** One request; a POST if it has a `body`. */
interface Ask {
  url: URL;
  headers: Readonly<Record<string, string>>;
  body?: string;
  signal: AbortSignal;
}

/** Sends a request; returns the response once its head has arrived, whatever its status. Throws a GitFailure. */
export async function sendRequest(
  { origin, agent }: Way,
  { url, headers, body, signal }: Ask,
): Promise<IncomingMessage> {
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
      request.on('timeout', () => request.destroy(new Error(`no byte for ${SILENCE_MS / 1000} s`)));
      request.on('error', refuse);
      request.end(body);
    } catch (error) {
      // Node refuses to send this header or address.
      refuse(error);
    }
  });
}

/** The bytes of a response. Throws a GitFailure if the connection breaks. */
export async function* readBody(response: IncomingMessage, origin: string): AsyncIterable<Buffer> {
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) yield chunk;
  } catch (error) {
    throw new GitFailure('failed', `${origin} broke off: ${(error as Error).message}`);
  }
}

/** The whole text of a response. Throws a GitFailure if it is over `MAX_RESPONSE_BYTES`. */
export async function readResponseText(response: IncomingMessage, origin: string): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of readBody(response, origin)) {
    length += chunk.length;
    if (length > MAX_RESPONSE_BYTES) throw new GitFailure('no-content', `${origin} sent more than 4 MiB`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The `Authorization` header that git would use for a URL, from the user's credential helpers; undefined if none. */
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
