/**
 * Reads the files of the organisation: `organisation.yaml`, and the file of the team that a repository belongs to.
 * Rule: a worker with a configured folder never works without its files; a missing folder or file is an error that
 * names it.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { LayerName } from '../core/policy/resolve.ts';
import type { TeamStatement } from '../core/policy/teams.ts';
import { findTeam } from '../core/policy/teams.ts';
import type { PolicyFileResult, ReadPolicyFile } from './read-policy-file.ts';
import { readPolicyFile, readText } from './read-policy-file.ts';

const ORGANISATION = 'organisation.yaml';

export interface Organisation {
  /** The organisation's file, then the team's. */
  files: ({ name: LayerName; file: string } & ReadPolicyFile)[];
  /** The team that the repository belongs to. */
  team: string | undefined;
  problems: string[];
}

/** Reads the layers of organisation and team for a repository. */
export async function readOrganisation(
  folder: string,
  { team: named, address }: { team: string | undefined; address: string | null },
): Promise<Organisation> {
  const text = await readText(join(folder, ORGANISATION)).catch(said);
  if (text instanceof Error) return bad(`${ORGANISATION} can't be read (COXSWAIN_POLICIES): ${text.message}`);
  if (text === undefined)
    return bad(
      `there is no ${ORGANISATION} in ${folder}, which COXSWAIN_POLICIES names: correct the name, or make the file (\`version: 1\` is enough)`,
    );
  const organisation = readPolicyFile(ORGANISATION, text, { layer: 'organisation' });
  const teams = await readTeams(folder);
  if (teams instanceof Error) return bad(`${join(folder, 'teams')} can't be read: ${teams.message}`);
  const problems = [organisation, ...teams.map(({ read }) => read)].flatMap((read) =>
    read.kind === 'bad' ? read.problems : [],
  );
  if (organisation.kind === 'bad' || problems.length > 0) return { files: [], team: undefined, problems };
  const required = organisation.policy.teams === 'required';
  const found = findTeam({ repository: address, named, teams: teams.map(stateOf), required });
  if (found.kind === 'bad') return bad(found.problem);
  const own = teams.find(({ team }) => team === found.team);
  return {
    files: [
      { name: 'organisation', file: ORGANISATION, ...organisation },
      ...(own?.read.kind === 'ok' ? [{ name: 'team' as const, file: own.file, ...own.read }] : []),
    ],
    team: found.team,
    problems: [],
  };
}

function bad(problem: string): Organisation {
  return { files: [], team: undefined, problems: [problem] };
}

function said(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

interface TeamFile {
  team: string;
  file: string;
  read: PolicyFileResult;
}

function stateOf({ team, read }: TeamFile): TeamStatement {
  return { team, repositories: read.kind === 'ok' ? read.policy.repositories : undefined };
}

/** Every team's file, by the names in the folder's listing: on a case-insensitive disk another spelling is no team. */
async function readTeams(folder: string): Promise<TeamFile[] | Error> {
  const listed = await readdir(join(folder, 'teams')).catch((error: unknown) =>
    error instanceof Error && 'code' in error && error.code === 'ENOENT' ? [] : said(error),
  );
  if (listed instanceof Error) return listed;
  const names = listed.filter((name) => name.endsWith('.yaml')).toSorted();
  return await Promise.all(
    names.map(async (name) => {
      const file = `teams/${name}`;
      const text = await readText(join(folder, file)).catch(said);
      const problem = text instanceof Error ? text.message : 'it is gone';
      const read: PolicyFileResult =
        typeof text === 'string'
          ? readPolicyFile(file, text, { layer: 'team' })
          : { kind: 'bad', problems: [`${file} can't be read: ${problem}`] };
      return { team: name.slice(0, -'.yaml'.length), file, read };
    }),
  );
}
