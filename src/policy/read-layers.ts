/**
 * Reads the layers of policy and joins them: the organisation's and the team's from the worker's folder, the
 * repository's from its base commit, the run's from its input.
 * Rule: no layer comes from a tree that an agent changed, and the organisation's never from the repository.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checkPatterns, checkRules } from '../core/check-rules.ts';
import type { EffectivePolicy, Layer, LayerName, Policy } from '../core/policy.ts';
import { resolveLayers } from '../core/policy.ts';
import type { ReadPolicyFile } from './read-policy-file.ts';
import { readPolicyFile } from './read-policy-file.ts';

/** Where a repository keeps its policy. */
export const REPOSITORY_POLICY = '.coxswain/policy.yaml';

export interface LayerSources {
  /** Folder with `organisation.yaml` and `teams/<team>.yaml`; undefined where a worker has none. */
  folder: string | undefined;
  team: string | undefined;
  /** Text of the repository's file; undefined where it has none. */
  repository: string | undefined;
  run: Policy | undefined;
}

export type LayersResult = { kind: 'ok'; policy: EffectivePolicy } | { kind: 'bad'; problems: string[] };

/** Reads all layers that there are and joins them. */
export async function readLayers({ folder, team, repository, run }: LayerSources): Promise<LayersResult> {
  const named: [LayerName, string, string | undefined][] = [['repository', REPOSITORY_POLICY, repository]];
  if (folder !== undefined) {
    if (team !== undefined) named.unshift(['team', `teams/${team}.yaml`, await readText(folder, teamFile(team))]);
    named.unshift(['organisation', 'organisation.yaml', await readText(folder, 'organisation.yaml')]);
  }
  const problems: string[] = [];
  const files = new Map<LayerName, ReadPolicyFile & { file: string }>();
  const layers: Layer[] = [];
  for (const [name, file, text] of named) {
    if (text === undefined) continue;
    const read = readPolicyFile(file, text);
    if (read.kind === 'bad') problems.push(...read.problems);
    else {
      files.set(name, { ...read, file });
      layers.push({ name, limits: read.policy.limits, defaults: read.policy.defaults });
    }
  }
  for (const { path, problem } of checkRules(run?.rules?.commands ?? []))
    problems.push(`policy.rules.commands.${path.join('.')}: ${problem}`);
  for (const { path, problem } of checkPatterns(run)) problems.push(`policy.${path.join('.')}: ${problem}`);
  if (problems.length > 0) return { kind: 'bad', problems };
  const resolved = resolveLayers([...layers, { name: 'run', defaults: run }]);
  if (resolved.kind === 'ok') return resolved;
  return {
    kind: 'bad',
    problems: resolved.where.map(({ layer, path, problem }) => {
      const from = files.get(layer);
      return from ? `${from.file}:${from.lineOf(path)}: ${problem}` : problem;
    }),
  };
}

/** A team's name as its file's: nothing that leads out of the folder. */
function teamFile(team: string): string {
  return join('teams', `${team.replace(/[^\w.-]/g, '_').replace(/^\.+/, '_')}.yaml`);
}

async function readText(folder: string, file: string): Promise<string | undefined> {
  try {
    return await readFile(join(folder, file), 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
