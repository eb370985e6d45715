/**
 * Which team a repository belongs to, by the organisation's files.
 * Rule: a person who starts a run can't choose the team whose limits bind it. A team's name must be exactly the name of
 * an existing file.
 */

/** The part of a team's file that lists its repositories. */
export interface TeamStatement {
  team: string;
  /** Addresses; one that ends in `/**` means all below it. Undefined if the file has no list. */
  repositories: readonly string[] | undefined;
}

export type TeamResult = { kind: 'ok'; team: string | undefined } | { kind: 'bad'; problem: string };

export interface TeamQuestion {
  /** The repository's address, or the real path of its folder. Null if there is no repository. */
  repository: string | null;
  /** The team that the start names. */
  named: string | undefined;
  teams: readonly TeamStatement[];
  /** Whether the organisation requires every repository to be in some team's file. */
  required: boolean;
}

/** The team whose layer counts. */
export function findTeam({ repository, named, teams, required }: TeamQuestion): TeamResult {
  if (named !== undefined && !teams.some(({ team }) => team === named)) {
    const known = teams.map(({ team }) => team).join(', ') || 'none';
    return bad(`team "${named.slice(0, 100)}" has no file teams/${named.slice(0, 100)}.yaml; teams with one: ${known}`);
  }
  if (repository === null) return { kind: 'ok', team: named };
  const claims = teams.flatMap(({ team, repositories = [] }) =>
    repositories
      .filter((entry) => covers(entry, repository))
      .map((entry) => ({ team, length: nameRepository(entry).length })),
  );
  const longest = Math.max(...claims.map(({ length }) => length));
  const [stated, ...others] = [...new Set(claims.filter(({ length }) => length === longest).map(({ team }) => team))];
  if (others.length > 0)
    return bad(`teams ${[stated, ...others].join(' and ')} both list this repository: leave it in one team's file`);
  if (stated !== undefined) {
    if (named === undefined || named === stated) return { kind: 'ok', team: stated };
    return bad(`this repository belongs to team ${stated} (teams/${stated}.yaml: repositories), not to ${named}`);
  }
  if (required)
    return bad(
      `no team's file lists this repository, and organisation.yaml requires that (teams: required): add "${nameRepository(repository)}" to the repositories of teams/<team>.yaml`,
    );
  if (teams.some(({ team, repositories }) => team === named && repositories !== undefined))
    return bad(
      `teams/${named}.yaml lists its repositories, and "${nameRepository(repository)}" is none of them: add it there, or name another team`,
    );
  return { kind: 'ok', team: named };
}

function bad(problem: string): TeamResult {
  return { kind: 'bad', problem };
}

/** Whether an entry covers a repository. */
function covers(entry: string, repository: string): boolean {
  const [wanted, name] = [nameRepository(entry), nameRepository(repository)];
  return wanted.endsWith('/**') ? name.startsWith(wanted.slice(0, -2)) : name === wanted;
}

/**
 * One name for all spellings of an address: `host/path` without scheme, user, port, trailing `.git` (git also accepts a
 * folder of that name) and trailing slashes. Git hosts ignore case in paths, so case counts only in paths on the
 * worker.
 */
function nameRepository(address: string): string {
  const text = address.trim();
  const [, host, path] =
    /^[a-z][a-z0-9+.-]*:\/\/(?:[^/@]*@)?([^/:]*)(?::\d*)?(\/.*)?$/i.exec(text) ??
    /^(?:[^/@:]+@)([^/:]+):(.*)$/.exec(text) ??
    [];
  const plain = (part: string): string =>
    part
      .replace(/\/+/g, '/')
      .replace(/\/$/, '')
      .replace(/\/?\.git$/i, '');
  if (host === undefined) return text.startsWith('/') ? plain(text) : plain(text).toLowerCase();
  const decoded = plain(`/${unescape(path ?? '')}`);
  // A trailing dot does not change a host's name.
  return host === '' ? decoded : `${host.replace(/\.$/, '')}${decoded}`.toLowerCase();
}

function unescape(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
