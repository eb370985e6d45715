/**
 * Downloads LFS content by the batch API (`POST <repository>.git/info/lfs/objects/batch`, transfer `basic`).
 * Rule: only the LFS server at the repository's own address is asked, never one from an `.lfsconfig`. The download
 * addresses that this server returns are checked like any address that a person names.
 */
import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import { parseJson } from '../../core/text/json.ts';
import { readAddress } from '../../core/address.ts';
import { escapeForPeople } from '../../core/text/escape.ts';
import { GitFailure, hideCredentials } from '../git-failure.ts';
import { aboutContent, WITHOUT } from './failure.ts';
import type { LfsFile } from './files.ts';
import type { Way, Ways } from './request.ts';
import { fillCredential, openWays, readBody, readResponseText, sendRequest } from './request.ts';
import type { Store } from '../store.ts';

/** Objects in one request to the batch API; `git lfs` uses the same number. */
const BATCH = 100;
/** Concurrent downloads. */
const LANES = 4;
/** Most characters of a server's own message in an error. */
const MAX_WORDS = 300;
const MEDIA_TYPE = 'application/vnd.git-lfs+json';
/** Headers that the connection sets, and that a server can't set for us. */
const OWN_HEADERS = /^(?:host|connection|content-length|transfer-encoding|upgrade|expect|te|trailer|proxy-.*)$/i;

/** The repository whose content is wanted. */
export interface ContentSource {
  store: Store;
  repository: string;
  /** The commit has an `.lfsconfig`. It is not followed, and errors say so. */
  hasConfig: boolean;
  signal: AbortSignal;
}

/** Gets the bytes of a file's content; `from` names their source. */
export type TakeContent = (file: LfsFile, bytes: AsyncIterable<Buffer>, from: string) => Promise<void>;

const objectSchema = z.looseObject({
  oid: z.string(),
  actions: z
    .looseObject({
      download: z.looseObject({ href: z.string(), header: z.record(z.string(), z.string()).optional() }).optional(),
    })
    .optional(),
  error: z.looseObject({ code: z.number(), message: z.string() }).optional(),
});
const batchSchema = z.looseObject({ transfer: z.string().optional(), objects: z.array(objectSchema) });

/** The server's entry for one object. */
type Known = z.infer<typeof objectSchema>;

/** The LFS server at the repository's own address. */
interface Server {
  source: ContentSource;
  url: URL;
  way: Way;
  authorization: string | undefined;
}

/** A file, with the address of its content. */
interface Download {
  file: LfsFile;
  url: URL;
  headers: Record<string, string>;
}

/** Downloads the content of each file and passes it to `keep`. The first failure ends all downloads. */
export async function download(source: ContentSource, files: readonly LfsFile[], keep: TakeContent): Promise<void> {
  const ways = openWays(source.store);
  try {
    const server = await openServer(source, ways).catch((error: unknown) => {
      throw aboutContent(error, pathsOf(files));
    });
    for (let from = 0; from < files.length; from += BATCH) {
      const some = files.slice(from, from + BATCH);
      const known = await askBatch(server, some).catch((error: unknown) => {
        throw aboutContent(error, pathsOf(some));
      });
      const downloads = some.map((file) => readDownload(server, file, known.get(file.oid)));
      await fetchAll(server, ways, downloads, keep);
    }
  } finally {
    await ways.close();
  }
}

function pathsOf(files: readonly LfsFile[]): string[] {
  return files.map(({ path }) => path);
}

async function openServer(source: ContentSource, ways: Ways): Promise<Server> {
  const url = findServer(source.repository);
  return { source, url, way: await ways.find(url), authorization: undefined };
}

/** The URL of a repository's batch API, at its own address. */
function findServer(repository: string): URL {
  const read = readAddress(repository);
  if (read.kind === 'bad' || read.address.kind === 'path' || !/^https?$/.test(read.address.scheme)) {
    const what = `What to do: name the repository by its https address, ${WITHOUT}`;
    throw new GitFailure(
      'no-content',
      `it can be fetched only by https, not from ${hideCredentials(repository)}. ${what}`,
    );
  }
  const { scheme, host, isAddress, port, path } = read.address;
  const authority = `${isAddress && host.includes(':') ? `[${host}]` : host}:${port}`;
  const place = `${path.replace(/\/+$/, '').replace(/\.git$/, '')}.git`;
  return new URL(`${scheme}://${authority}${place}/info/lfs/objects/batch`);
}

/** Asks the server for the files' download addresses; if it wants a credential, once more with git's. */
async function askBatch(server: Server, files: readonly LfsFile[]): Promise<Map<string, Known>> {
  const { source, url, way } = server;
  const objects = files.map(({ oid, size }) => ({ oid, size }));
  const body = JSON.stringify({ operation: 'download', transfers: ['basic'], hash_algo: 'sha256', objects });
  const ask = async (): Promise<IncomingMessage> => {
    const credential = server.authorization === undefined ? {} : { Authorization: server.authorization };
    const headers = { Accept: MEDIA_TYPE, 'Content-Type': MEDIA_TYPE, ...credential };
    return await sendRequest(way, { url, headers, body, signal: source.signal });
  };
  let response = await ask();
  if (response.statusCode === 401) {
    const repository = new URL(url.pathname.replace(/\/info\/lfs\/objects\/batch$/, ''), url.origin);
    server.authorization = await fillCredential(source.store, repository);
    if (server.authorization !== undefined) {
      response.resume();
      response = await ask();
    }
  }
  if (response.statusCode !== 200) throw refusal(server, response, url);
  const read = batchSchema.safeParse(parseJson(await readResponseText(response, url.origin)));
  if (!read.success || (read.data.transfer ?? 'basic') !== 'basic')
    throw new GitFailure('no-content', `${url.origin} sent no response of the batch API${remedyFor(server)}`);
  return new Map(read.data.objects.map((object) => [object.oid, object]));
}

function readDownload(server: Server, file: LfsFile, object: Known | undefined): Download {
  const { href, header = {} } = object?.actions?.download ?? {};
  if (object?.error === undefined && href !== undefined && URL.canParse(href)) {
    const headers = Object.entries(header).filter(([name]) => !OWN_HEADERS.test(name));
    return { file, url: new URL(href), headers: Object.fromEntries(headers) };
  }
  const words = object?.error ? `${object.error.code} ${object.error.message}` : 'no address for it';
  const said = `${server.url.origin} responds ${escapeForPeople(words).slice(0, MAX_WORDS)}${remedyFor(server)}`;
  throw aboutContent(new GitFailure('no-content', said), [file.path]);
}

/** Fetches all downloads, `LANES` at a time. */
async function fetchAll(server: Server, ways: Ways, downloads: readonly Download[], keep: TakeContent): Promise<void> {
  const rest = downloads.values();
  const failed = new AbortController();
  const signal = AbortSignal.any([server.source.signal, failed.signal]);
  const lane = async (): Promise<void> => {
    for (const one of rest) {
      await fetchOne({ ...server, source: { ...server.source, signal } }, ways, one, keep).catch((error: unknown) => {
        failed.abort(aboutContent(error, [one.file.path]));
      });
      if (signal.aborted) return;
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  signal.throwIfAborted();
}

async function fetchOne(
  server: Server,
  ways: Ways,
  { file, url, headers }: Download,
  keep: TakeContent,
): Promise<void> {
  const { source, authorization } = server;
  const way = await ways.find(url);
  const isNamed = Object.keys(headers).some((name) => name.toLowerCase() === 'authorization');
  // The credential goes to the repository's own host only.
  const isOwn = url.origin === server.url.origin && !isNamed && authorization !== undefined;
  const credential = isOwn ? { Authorization: authorization } : {};
  const response = await sendRequest(way, { url, headers: { ...headers, ...credential }, signal: source.signal });
  if (response.statusCode !== 200) throw refusal(server, response, url);
  await keep(file, readBody(response, url.origin), url.origin);
}

/** The failure for a response without content. It names only the host: the rest of the address may contain a secret. */
function refusal(server: Server, response: IncomingMessage, { origin }: URL): GitFailure {
  response.destroy();
  const { statusCode: status = 0 } = response;
  const said = `${origin} responds ${status}`;
  if (status >= 500 || status === 429) return new GitFailure('failed', said);
  if (status >= 300 && status < 400) {
    const what = `What to do: name the repository by the address that it has now, ${WITHOUT}`;
    return new GitFailure('no-content', `${said}, and redirects are not followed. ${what}`);
  }
  const isBarred = status === 401 || status === 403;
  const credential = "give the worker's user a credential that may read it (a git credential helper)";
  const kind = isBarred ? 'no-access' : 'no-content';
  return new GitFailure(kind, `${said}${remedyFor(server, isBarred ? credential : undefined)}`);
}

/** What a person can do about a server that has no content, to append to a message. */
function remedyFor({ url, source }: Server, what = 'push it there (`git lfs push --all`)'): string {
  const other = source.hasConfig ? '; an .lfsconfig is not followed' : '';
  return ` (asked: ${url.origin}${url.pathname}${other}). What to do: ${what}, ${WITHOUT}`;
}
