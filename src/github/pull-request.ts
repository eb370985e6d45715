/**
 * Opens a pull request on GitHub, or a server of its own that speaks the same API, for a branch that was delivered.
 * Rule: one for each branch: it looks first, so that an answer that got lost leads to no second one.
 */
import { z } from 'zod';
import { isAtHost, readAddress } from '../core/address.ts';
import { hideSecretValues } from '../core/secrets.ts';

/** Where pull requests are opened, and with whose rights. */
export interface GitHub {
  /** Host of repositories, as in their URLs. */
  host: string;
  /** Base URL of its API. */
  api: string;
  token: string;
}

/** A repository by its names on GitHub. */
export interface RepositoryName {
  owner: string;
  name: string;
}

export interface PullRequestInput extends RepositoryName {
  /** The branch that was delivered, and the one that it is for. */
  head: string;
  base: string;
  title: string;
  /** Markdown; GitHub takes 65,536 characters. */
  body: string;
}

/** GitHub did not do it; `retryable` where it may later. */
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

/** Which repository of this GitHub an address names, as it is delivered to; undefined for any other address. */
export function readRepositoryName({ host }: Pick<GitHub, 'host'>, text: string): RepositoryName | undefined {
  const read = readAddress(text);
  if (read.kind === 'bad' || read.address.kind === 'path') return undefined;
  const [, owner = '', name = ''] = /^\/([^/]+)\/([^/]+?)(?:\.git)?\/?$/.exec(read.address.path) ?? [];
  return owner !== '' && isAtHost(read.address, host) ? { owner, name } : undefined;
}

/** Opens it, or gives the one that is open its new title and body; answers where it is. */
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
    `GitHub answered ${status} to ${what}: ${hideSecretValues(text, [token]).slice(0, 300)}${hint}`,
    isLimited || status >= 500,
  );
}

const HINTS: Record<number, string> = {
  401: '. Is COXSWAIN_GITHUB_TOKEN right, and still good?',
  403: '. May the token write pull requests?',
  404: '. May the token see this repository?',
};
