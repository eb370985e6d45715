/**
 * Checks whether git may access a repository that a person named, before each access, and says how git is to do so.
 * Rule: git is given exactly what was checked: a folder with all links followed, or a URL with its host's addresses at
 * the time of the check.
 */
import { realpath } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Root, UrlAddress } from '../core/address.ts';
import { allowingLine, ruleOnUrl, placeOf, readAddress } from '../core/address.ts';
import type { GitFailureKind } from '../core/failures.ts';
import type { GitFolder } from './git-folder.ts';
import { findGitFolder, findOutside } from './git-folder.ts';
import { GitFailure, hideCredentials } from './git-failure.ts';

/** Stands for a store's hub, which the worker's configuration names and a start can't. */
export const HUB = Symbol('hub');

/** What a worker may reach for people who start runs. */
export interface Access {
  roots: readonly Root[];
  /** Whether a place is one of this worker's hubs, which can't be used as a repository. */
  isHub(place: string): boolean;
  /** The public addresses of a host that no root lists; null if a proxy looks them up. */
  findAddresses(address: UrlAddress): Promise<PublicAddresses>;
}

export type PublicAddresses =
  | { kind: 'public'; addresses: readonly string[] | null }
  | { kind: 'refused' | 'unknown'; reason: string };

/** A repository that git may access: its name for git, and the settings and environment of the call. */
export type Reached = { name: string; settings: string[]; env: Record<string, string> } & (
  | { kind: 'folder'; folder: GitFolder; path: string }
  /** `judged`: SSH must connect to these addresses of the host instead of looking it up again. */
  | { kind: 'url'; judged?: { address: UrlAddress; addresses: readonly string[] | null } }
);

/** Checks a repository's address. Without `access` every valid address may be reached. Throws a GitFailure. */
export async function reach(access: Access | undefined, repository: string): Promise<Reached> {
  const read = readAddress(repository);
  if (read.kind === 'bad') throw refusal(repository, read.problem, 'not-a-repository');
  const { address } = read;
  return address.kind === 'path'
    ? await reachFolder(access, repository, address.path)
    : await reachUrl(access, repository, address);
}

async function reachFolder(access: Access | undefined, repository: string, path: string): Promise<Reached> {
  const place = await realpath(resolve(path)).catch(() => {
    throw refusal(repository, "is no folder of this worker's host: give a git URL, or a path there");
  });
  const folder = await findGitFolder(place);
  await refuseReadsOutside(access, repository, folder.reads);
  if (access?.isHub(folder.gitDir)) throw refusal(repository, IS_HUB, 'not-a-repository');
  return {
    kind: 'folder',
    name: folder.gitDir,
    path: place,
    folder,
    settings: [],
    env: { GIT_ALLOW_PROTOCOL: 'file', GIT_NO_LAZY_FETCH: '1' },
  };
}

/** Refuses a repository by path if one of `reads` is outside of the roots. The first of them is its own folder. */
export async function refuseReadsOutside(
  access: Access | undefined,
  repository: string,
  reads: readonly string[],
): Promise<void> {
  if (!access) return;
  const allowed = access.roots.flatMap((root) => (root.kind === 'path' ? [root.path] : []));
  const roots = await Promise.all(allowed.map((root) => realpath(root).catch(() => resolve(root))));
  const outside = findOutside(reads, roots);
  if (outside === undefined) return;
  const what = outside === reads[0] ? 'is' : `also reads ${outside}, which is`;
  const line = `COXSWAIN_ROOTS: ${roots.join(', ') || 'none'}`;
  throw refusal(repository, `${what} outside the folders that this worker may read (${line})`);
}

const IS_HUB = "is a hub of this worker, with the chains of its runs: name the repository's own address";

async function reachUrl(access: Access | undefined, repository: string, address: UrlAddress): Promise<Reached> {
  const settings = ['-c', 'http.followRedirects=false'];
  let judged: Extract<Reached, { kind: 'url' }>['judged'];
  if (access?.isHub(placeOf(address))) throw refusal(repository, IS_HUB, 'not-a-repository');
  const addresses = await findConnectAddresses(access, repository, address);
  if (addresses !== undefined) {
    if (address.scheme === 'ssh') judged = { address, addresses };
    else settings.push(...pin(address, addresses));
  }
  // The worker user's git configuration may rewrite an address, for example to SSH, but never to a program.
  const schemes = new Set(['https', 'ssh', address.scheme]);
  const env = { GIT_ALLOW_PROTOCOL: [...schemes].join(':') };
  return { kind: 'url', name: address.text, settings, env, ...(judged ? { judged } : {}) };
}

/**
 * The addresses at which a URL's host may be contacted. Null: a proxy looks them up. Undefined: a root lists the host,
 * so any address will do. Throws a GitFailure about `name` if the host may not be reached.
 */
export async function findConnectAddresses(
  access: Access | undefined,
  name: string,
  address: UrlAddress,
): Promise<readonly string[] | null | undefined> {
  if (!access) return undefined;
  const verdict = ruleOnUrl(address, access.roots);
  if (verdict.kind === 'refused') throw refusal(name, verdict.reason);
  return verdict.kind === 'public' ? await findPublic(access, name, address) : undefined;
}

async function findPublic(access: Access, repository: string, address: UrlAddress): Promise<readonly string[] | null> {
  const found = await access.findAddresses(address);
  if (found.kind === 'public') return found.addresses;
  const words = `${found.reason}; ${allowingLine(address)}`;
  if (found.kind === 'refused') throw refusal(repository, words);
  throw new GitFailure('unreachable', `${hideCredentials(repository)} can't be reached: ${words}`);
}

/** Makes git connect to the checked addresses: a moment later the name may stand for others. */
function pin({ host, port, isAddress }: UrlAddress, addresses: readonly string[] | null): string[] {
  if (isAddress || addresses === null) return [];
  const list = addresses.map((one) => (one.includes(':') ? `[${one}]` : one)).join(',');
  return ['-c', `http.curloptResolve=${host}:${port}:${list}`];
}

/** A refusal. By default `not-here`: another worker may allow the repository, or have it on its host. */
function refusal(repository: string, problem: string, kind: GitFailureKind = 'not-here'): GitFailure {
  return new GitFailure(kind, `${JSON.stringify(hideCredentials(repository))} ${problem}`);
}
