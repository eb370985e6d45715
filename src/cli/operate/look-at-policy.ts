/**
 * What `cox doctor` says of policy: whether its files can be read, and whether signatures that it requires can be
 * verified here.
 * Rule: it reads policy with the same code as the worker.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { REPOSITORY_POLICY, readLayers } from '../../policy/read-layers.ts';
import { readText } from '../../policy/read-policy-file.ts';
import { runToVerify } from '../../signing/ssh-keygen.ts';

interface Places {
  /** Folder of the organisation's and the teams' files, where there is one. */
  folder: string | undefined;
  /** A working copy. */
  repository: string;
}

/** Looks at the policy of the organisation, of each team, and of a repository. */
export async function lookAtPolicy(
  { folder, repository }: Places,
  runKeygen = runToVerify,
): Promise<{ ok: boolean; text: string }> {
  const text = await readText(join(repository, REPOSITORY_POLICY)).catch(() => undefined);
  const teams = folder === undefined ? [] : await listTeams(folder);
  const problems: string[] = [];
  const signing: string[] = [];
  for (const team of [undefined, ...teams]) {
    const read = await readLayers({ folder, team, address: null, repository: text, run: undefined });
    if (read.kind === 'bad') problems.push(...read.problems);
    else if (read.policy.decisions?.signatures.value === 'required') signing.push(team ?? 'runs without a team');
  }
  if (problems.length > 0) return { ok: false, text: [...new Set(problems)].join('; ') };
  const read = [
    ...(folder === undefined ? [] : [`${folder} with ${teams.length} teams`]),
    ...(text === undefined ? [] : [REPOSITORY_POLICY]),
  ];
  const files = read.length > 0 ? read.join(', ') : 'the built-in one only';
  if (signing.length === 0) return { ok: true, text: `${files}; signatures are not required` };
  const whose = `signatures are required for ${signing.join(', ')}`;
  const keygen = await findKeygen(runKeygen);
  return { ok: keygen === undefined, text: `${files}; ${whose}${keygen === undefined ? '' : `: ${keygen}`}` };
}

async function listTeams(folder: string): Promise<string[]> {
  const names = await readdir(join(folder, 'teams')).catch(() => []);
  return names.filter((name) => name.endsWith('.yaml')).map((name) => name.slice(0, -'.yaml'.length));
}

/** What is wrong with ssh-keygen, if anything is. */
async function findKeygen(runKeygen: typeof runToVerify): Promise<string | undefined> {
  // Asked without what it needs, one that knows how to verify names what is missing.
  const end = await runKeygen(['-Y', 'find-principals']);
  if (end.kind === 'absent') return 'ssh-keygen is not installed, so none can be verified: install OpenSSH';
  if (/find-principals/.test(end.errors)) return undefined;
  return 'ssh-keygen is too old to verify them: OpenSSH 8.2 or later is needed';
}
