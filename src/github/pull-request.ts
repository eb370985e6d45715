/**
 * Opens a pull request for a delivered branch, on GitHub or a server with the same API.
 * Rule: one pull request for each branch. An open one is looked for first, so a lost response makes no second one.
 */
import { z } from 'zod';
import { isAtHost, readAddress } from '../core/address.ts';
import { hideSecretValues } from '../core/secrets.ts';

/** The server of pull requests, and the token to open them with. */
export interface GitHub {
  /** The host in the repositories' URLs. */
  host: string;
  /** Base URL of the API. */
  api: string;
  token: string;
}

/** A repository's owner and name on GitHub. */
export interface RepositoryName {
  owner: string;
  name: string;
}

export interface PullRequestInput extends RepositoryName {
  /** The delivered branch, and the branch to merge it into. */
  head: string;
  base: string;
  title: string;
  /** Markdown; GitHub takes 65,536 characters. */
  body: string;
}

/** A failed request to GitHub. `retryable`: it may succeed later. */
export class GitHubFailure extends Error {
  override name = 'GitHubFailure';
  readonly retryable: boolean;

  constructor(message: string, retryable: boolean) {
    super(message);
    this.retryable = retryable;
  }
}

const TIMEOUT_MS = 30_000;
const MAX_TITLE = 200;
const pullSchema = z.object({ number: z.int(), html_url: z.url() });

/** The repository that an address names, if it is on this GitHub server; otherwise undefined. */
export function readRepositoryName({ host }: Pick<GitHub, 'host'>, text: string): RepositoryName | undefined {
  const read = readAddress(text);
  if (read.kind === 'bad' || read.address.kind === 'path') return undefined;
  const [, owner = '', name = ''] = /^\/([^/]+)\/([^/]+?)(?:\.git)?\/?$/.exec(read.address.path) ?? [];
  return owner !== '' && isAtHost(read.address, host) ? { owner, name } : undefined;
}

/** Opens a pull request, or updates title and body of the open one. Returns its URL. Throws a GitHubFailure. */
export async function openPullRequest(github: GitHub, input: PullRequestInput, signal: AbortSignal): Promise<string> {
  const { owner, name, head, base, body } = input;
  const title = input.title.slice(0, MAX_TITLE);
  const pulls = `repos/${encodeURIComponent(owner)}/${encodeURIComponent(name)}/pulls`;
  const query = new URLSearchParams({ head: `${owner}:${head}`, base, state: 'open' });
  const [known] = z
    .array(pullSchema)
    .parse(await ask(github, 'GET', `${pulls}?${query.toString()}`, undefined, signal));
  const done = known
    ? await ask(github, 'PATCH', `${pulls}/${known.number}`, { title, body }, signal)
    : await ask(github, 'POST', pulls, { title, body, head, base }, signal);
  return pullSchema.parse(done).html_url;
}

async function ask(
  { api, token }: GitHub,
  method: string,
  path: string,
  body: object | undefined,
  signal: AbortSignal,
): Promise<unknown> {
  const what = `${method} ${path.replace(/\?.*/, '')}`;
  const response = await fetch(`${api.replace(/\/$/, '')}/${path}`, {
    method,
    headers: {
      accept: 'application/vnd.github+json',
      authorization: `Bearer ${token}`,
      'x-github-api-version': '2022-11-28',
    },
    ...(body ? { body: JSON.stringify(body) } : {}),
    signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
  }).catch((error: unknown) => {
    throw new GitHubFailure(`GitHub can't be reached for ${what}: ${String(error)}`, true);
  });
  const text = await response.text();
  if (response.ok) return JSON.parse(text);
  const { status } = response;
  const isLimited = status === 429 || (status === 403 && response.headers.get('x-ratelimit-remaining') === '0');
  const hint = isLimited ? '' : (HINTS[status] ?? '');
  throw new GitHubFailure(
    `GitHub responded ${status} to ${what}: ${hideSecretValues(text, [token]).slice(0, 300)}${hint}`,
    isLimited || status >= 500,
  );
}

const HINTS: Record<number, string> = {
  401: '. Is COXSWAIN_GITHUB_TOKEN right and still valid?',
  403: '. May the token write pull requests?',
  404: '. May the token see this repository?',
};
