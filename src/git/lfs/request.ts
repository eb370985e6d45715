/**
 * HTTP requests to the hosts of LFS content.
 * Rule: every URL is judged with its path as the addresses of repositories are, its host is connected to at the
 * addresses that were judged, and no redirect is followed. What is secret in an address or a header is in no error.
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

/** A host that says nothing at all for so long has lost the connection. */
const SILENCE_MS = 60_000;
/** Milliseconds for the person's credential helper to answer. */
const CREDENTIAL_MS = 30_000;
/** Bytes of an answer to the batch API: a hundred objects with long signed addresses. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

/** A path that a server may read as another one: separators, dots or a percent sign in code, or `..;`. */
const TWO_WAYS = /%(?:2f|5c|2e|25|00)|\/\.{1,2};/i;

/** The way to one URL, which was judged. */
export interface Way {
  origin: string;
  agent: Agent;
}

/** The ways of one download: connections and addresses are kept by host, verdicts never. */
export interface Ways {
  /** Judges a URL; fails where it may not be reached. */
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
      // A host may be listed below one path, and be a public one elsewhere.
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

/** The same access, which looks up a host once. */
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

/** What is judged of a URL. A path that can be read in two ways is below no root that names one. */
function readTarget({ origin, pathname, protocol, username, password }: URL): UrlAddress {
  const read = readAddress(`${origin}/`);
  const isPlain = username === '' && password === '' && /^https?:$/.test(protocol);
  if (!isPlain || read.kind === 'bad' || read.address.kind === 'path')
    throw new GitFailure('no-content', `${origin} is no address of http or https that is read in one way only`);
  return { ...read.address, path: TWO_WAYS.test(pathname) ? '' : pathname };
}

async function openAgent(
  { environment = {} }: Store,
  { scheme, host }: UrlAddress,
  addresses: readonly string[] | null | undefined,
): Promise<Agent> {
  // Without an address to judge only a proxy may find one. Node knows no ALL_PROXY, and would look the host up again.
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
