/**
 * Downloads LFS content by the batch API (`POST <repository>.git/info/lfs/objects/batch`, transfer `basic`).
 * Rule: only the LFS server at the repository's own address is asked, never one that the repository's text names
 * (`.lfsconfig`); where that server sends us is judged like any host that somebody else names.
 */
import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import { readAddress } from '../../core/address.ts';
import { escapeForPeople } from '../../core/text/escape.ts';
import { GitFailure, hideSecrets } from '../git-failure.ts';
import { aboutContent, WITHOUT } from './failure.ts';
import type { LfsFile } from './files.ts';
import type { Way, Ways } from './request.ts';
import { fillCredential, openWays, readBody, readText, send } from './request.ts';
import type { Store } from '../store.ts';

/** Objects of one request to the batch API, as `git lfs` asks for them. */
const BATCH = 100;
/** Downloads at the same time. */
const LANES = 4;
/** Characters of a server's own words in an error. */
const MAX_WORDS = 300;
const MEDIA_TYPE = 'application/vnd.git-lfs+json';
/** Headers of a request that its connection sets, whatever a server says to send. */
const OWN_HEADERS = /^(?:host|connection|content-length|transfer-encoding|upgrade|expect|te|trailer|proxy-.*)$/i;

/** Whose content is wanted. */
export interface ContentSource {
  store: Store;
  repository: string;
  /** The commit has an `.lfsconfig`, which is not followed: said where something is missing. */
  hasConfig: boolean;
  signal: AbortSignal;
}

/** Takes the bytes of a file's content; `from` says where they come from. */
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
const answerSchema = z.looseObject({ transfer: z.string().optional(), objects: z.array(objectSchema) });

/** What the server says of one object. */
type Known = z.infer<typeof objectSchema>;

/** The LFS server at the repository's own address. */
interface Server {
  source: ContentSource;
  url: URL;
  way: Way;
  authorization: string | undefined;
}

/** A file with where its content is. */
interface Download {
  file: LfsFile;
  url: URL;
  headers: Record<string, string>;
}

/** Gives the content of each file to `keep`; the first failure ends it. */
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

/** The batch API of a repository, by its own address. */
function findServer(repository: string): URL {
  const read = readAddress(repository);
  if (read.kind === 'bad' || read.address.kind === 'path' || !/^https?$/.test(read.address.scheme)) {
    const what = `What to do: name the repository by its https address, ${WITHOUT}`;
    throw new GitFailure('no-content', `only https is known for that, and not ${hideSecrets(repository)}. ${what}`);
  }
  const { scheme, host, isAddress, port, path } = read.address;
  const authority = `${isAddress && host.includes(':') ? `[${host}]` : host}:${port}`;
  const place = `${path.replace(/\/+$/, '').replace(/\.git$/, '')}.git`;
  return new URL(`${scheme}://${authority}${place}/info/lfs/objects/batch`);
}

/** Asks where the content of these files is; a server that wants a credential is asked once more with git's. */
async function askBatch(server: Server, files: readonly LfsFile[]): Promise<Map<string, Known>> {
  const { source, url, way } = server;
  const objects = files.map(({ oid, size }) => ({ oid, size }));
  const body = JSON.stringify({ operation: 'download', transfers: ['basic'], hash_algo: 'sha256', objects });
  const ask = async (): Promise<IncomingMessage> => {
    const credential = server.authorization === undefined ? {} : { Authorization: server.authorization };
    const headers = { Accept: MEDIA_TYPE, 'Content-Type': MEDIA_TYPE, ...credential };
    return await send(way, { url, headers, body, signal: source.signal });
  };
  let answer = await ask();
  if (answer.statusCode === 401) {
    const repository = new URL(url.pathname.replace(/\/info\/lfs\/objects\/batch$/, ''), url.origin);
    server.authorization = await fillCredential(source.store, repository);
    if (server.authorization !== undefined) {
      answer.resume();
      answer = await ask();
    }
  }
  if (answer.statusCode !== 200) throw refusal(server, answer, url);
  const read = answerSchema.safeParse(readJson(await readText(answer, url.origin)));
  if (!read.success || (read.data.transfer ?? 'basic') !== 'basic')
    throw new GitFailure('no-content', `${url.origin} does not answer as the batch API does${remedyFor(server)}`);
  return new Map(read.data.objects.map((object) => [object.oid, object]));
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function readDownload(server: Server, file: LfsFile, object: Known | undefined): Download {
  const { href, header = {} } = object?.actions?.download ?? {};
  if (object?.error === undefined && href !== undefined && URL.canParse(href)) {
    const headers = Object.entries(header).filter(([name]) => !OWN_HEADERS.test(name));
    return { file, url: new URL(href), headers: Object.fromEntries(headers) };
  }
  const words = object?.error ? `${object.error.code} ${object.error.message}` : 'no address for it';
  const said = `${server.url.origin} answers ${escapeForPeople(words).slice(0, MAX_WORDS)}${remedyFor(server)}`;
  throw aboutContent(new GitFailure('no-content', said), [file.path]);
}

/** Fetches some at a time. */
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
  // The credential is for the repository's own host, and no other one sees it.
  const isOwn = url.origin === server.url.origin && !isNamed && authorization !== undefined;
  const credential = isOwn ? { Authorization: authorization } : {};
  const answer = await send(way, { url, headers: { ...headers, ...credential }, signal: source.signal });
  if (answer.statusCode !== 200) throw refusal(server, answer, url);
  await keep(file, readBody(answer, url.origin), url.origin);
}

/** What an answer means that is no content. Of the address only the host is said: the rest may hold a secret. */
function refusal(server: Server, answer: IncomingMessage, { origin }: URL): GitFailure {
  answer.destroy();
  const { statusCode: status = 0 } = answer;
  const said = `${origin} answers ${status}`;
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

/** What a person can do where a server has no content to give, as a sentence behind what was said. */
function remedyFor({ url, source }: Server, what = 'push it there (`git lfs push --all`)'): string {
  const other = source.hasConfig ? '; an .lfsconfig is not followed' : '';
  return ` (asked was ${url.origin}${url.pathname}${other}). What to do: ${what}, ${WITHOUT}`;
}
