/**
 * Reads the layers of policy and joins them: the organisation's and the team's from the worker's folder, the
 * repository's from its default branch and its base commit, the run's from its input.
 * Rule: no layer comes from a tree that an agent changed, the organisation's never from the repository, and a file that
 * is named but can't be read is an error, never a layer that is left out.
 */
import { checkPatterns, checkRules } from '../core/commands/check-examples.ts';
import { canonicalJson, digestText } from '../core/digest.ts';
import type { NetworkGrant } from '../core/egress.ts';
import type { EffectivePolicy, Policy } from '../core/policy/policy.ts';
import type { Layer, LayerName } from '../core/policy/resolve.ts';
import type { LfsRule } from '../core/policy/fields.ts';
import { isWithin } from '../core/policy/fields.ts';
import { mergeLimits, resolveLayers, tightenBy } from '../core/policy/resolve.ts';
import type { PolicyFile } from '../core/policy/file.ts';
import type { Organisation } from './read-organisation.ts';
import { readOrganisation } from './read-organisation.ts';
import type { ReadPolicyFile } from './read-policy-file.ts';
import { readPolicyFile } from './read-policy-file.ts';

/** Where a repository keeps its policy. */
export const REPOSITORY_POLICY = '.coxswain/policy.yaml';

export interface LayerSources {
  /** Folder with `organisation.yaml` and `teams/<team>.yaml`; undefined where a worker has none. */
  folder: string | undefined;
  /** The team that the start names. */
  team: string | undefined;
  /** The repository's address or real path, by which the organisation says whose it is; null to look at a team only. */
  address: string | null;
  /** Text of the repository's file at the base; undefined where it has none. */
  repository: string | undefined;
  /** The same at the tip of its default branch, whose limits count too; left out where that is the base. */
  defaultBranch?: string | undefined;
  run: Policy | undefined;
  /** Networks for its setup that somebody granted to this run beside the files. */
  said?: readonly NetworkGrant[];
  /**
   * The run is under way: its own and its base's settings can't be changed any more. Those that are looser than a limit
   * of today count as the limit, and a pattern that is refused today stands: it allows nothing and protects everything.
   */
  isUnderWay?: boolean;
}

export type LayersResult =
  | { kind: 'ok'; policy: EffectivePolicy; organisation: string | null; team: string | undefined }
  /** `isRefusal`: the files are in order, and what they say refuses the run. */
  | { kind: 'bad'; problems: string[]; isRefusal?: true };

/** Reads all layers that there are and joins them. */
export async function readLayers(sources: LayerSources): Promise<LayersResult> {
  const { folder, run, isUnderWay = false } = sources;
  const organisation = folder === undefined ? NO_ORGANISATION : await readOrganisation(folder, sources);
  const own = readRepository(sources);
  const problems = [...organisation.problems, ...own.problems];
  for (const { path, problem } of checkRules(run?.rules?.commands ?? []))
    problems.push(`policy.rules.commands.${path.join('.')}: ${problem}`);
  for (const { path, problem } of isUnderWay ? [] : checkPatterns(run))
    problems.push(`policy.${path.join('.')}: ${problem}`);
  if (problems.length > 0) return { kind: 'bad', problems };
  const layers: Layer[] = organisation.files.map(({ name, policy }) => ({ name, ...partsOf(policy) }));
  const granted = [...layers.flatMap(networksOf), ...own.networks, ...(sources.said ?? [])];
  const asked = run?.network?.setup ?? own.asked;
  if (asked !== false && !granted.some((grant) => isWithin(asked, grant)))
    return { kind: 'bad', problems: [UNSAID_NETWORK], isRefusal: true };
  const isUnsaid = (run?.lfs ?? own.lfs) === 'content' && !own.grantsLfs && !layers.some(grantsLfs);
  if (isUnsaid && !isUnderWay) return { kind: 'bad', problems: [UNSAID_LFS], isRefusal: true };
  if (own.layer) layers.push(own.layer);
  layers.push({ name: 'run', defaults: run, ...(isUnsaid ? { limits: { lfs: 'pointers' } } : {}) });
  const resolved = resolveLayers(layers, isUnderWay ? 'tighten' : 'refuse');
  if (resolved.kind === 'ok')
    return { ...resolved, organisation: folder === undefined ? null : digestOf(organisation), team: organisation.team };
  const files = new Map<LayerName, { file: string; lineOf: ReadPolicyFile['lineOf'] }>(
    [...organisation.files, ...own.files].map((file) => [file.name, file]),
  );
  return {
    kind: 'bad',
    problems: resolved.where.map(({ layer, path, problem }) => {
      const from = files.get(layer);
      return from ? `${from.file}:${from.lineOf(path)}: ${problem}` : problem;
    }),
  };
}

const NO_ORGANISATION: Organisation = { files: [], team: undefined, problems: [] };

function partsOf({ limits, defaults }: PolicyFile): Pick<Layer, 'limits' | 'defaults'> {
  return { limits, defaults };
}

/** What tells the organisation's and the team's settings from others: by what they say, not by how it is written. */
function digestOf({ files, team }: Organisation): string {
  return digestText(canonicalJson({ files: files.map(({ name, policy }) => ({ name, policy })), team: team ?? null }));
}

const UNSAID_NETWORK =
  "policy.network.setup: a run's own input, or a base of its choice, can't open the network: whoever starts runs chooses both. " +
  'Name the hosts at the terminal of the worker (cox run --network-for-setup registry.example.com), ' +
  'in a policy file (limits: {network: {setup: {hosts: […]}}}), or for all runs of the worker (COXSWAIN_SETUP_NETWORK)';

/** The networks for a setup that a layer names: as a limit or by default, somebody meant runs to have them. */
function networksOf({ limits, defaults }: Pick<Layer, 'limits' | 'defaults'>): NetworkGrant[] {
  return [limits?.network?.setup, defaults?.network?.setup].filter((grant) => grant !== undefined);
}

const UNSAID_LFS =
  "policy.lfs: a run's own input, or a base of its choice, can't have the content of LFS files fetched. " +
  "Write `lfs: content` under `limits` or `defaults` of a policy file: the organisation's, the team's, or the repository's on its default branch";

/** Whether a layer lets runs have the content that git LFS keeps. */
function grantsLfs({ limits, defaults }: Pick<Layer, 'limits' | 'defaults'>): boolean {
  return limits?.lfs === 'content' || defaults?.lfs === 'content';
}

interface RepositoryLayer {
  layer: Layer | undefined;
  files: { name: LayerName; file: string; lineOf: ReadPolicyFile['lineOf'] }[];
  problems: string[];
  /** The networks that the default branch names, and the one that a base beside it asks for. */
  networks: NetworkGrant[];
  asked: NetworkGrant;
  /** Whether the default branch lets runs have LFS content, and what a base beside it asks for. */
  grantsLfs: boolean;
  lfs: LfsRule | undefined;
}

/**
 * The repository's layer. A run chooses its base, so the limits at the tip of the default branch count too: the
 * stricter of both, field by field. Defaults are the base's.
 */
function readRepository(sources: LayerSources): RepositoryLayer {
  const { repository, defaultBranch, isUnderWay = false } = sources;
  const patterns = isUnderWay ? 'any' : 'readable';
  const named = [
    { file: `${REPOSITORY_POLICY} on the default branch`, text: defaultBranch },
    { file: REPOSITORY_POLICY, text: repository },
  ];
  const read = named.flatMap(({ file, text }) =>
    text === undefined ? [] : [{ file, ...readPolicyFile(file, text, { layer: 'repository', patterns }) }],
  );
  const problems = read.flatMap((one) => (one.kind === 'bad' ? one.problems : []));
  const good = read.flatMap((one) => (one.kind === 'ok' ? [{ name: 'repository' as const, ...one }] : []));
  if (good.length === 0 || problems.length > 0)
    return { layer: undefined, files: [], problems, networks: [], asked: false, grantsLfs: false, lfs: undefined };
  const limits = good.map(({ policy }) => policy.limits ?? {}).reduce((one, other) => mergeLimits(one, other));
  const defaults = good.find(({ file }) => file === REPOSITORY_POLICY)?.policy.defaults;
  // In one file, a default that is looser than a limit is a mistake to be said; of two files, the limit wins.
  const tight = defaults && good.length > 1 ? tightenBy(defaults, limits) : defaults;
  const isBeside = 'defaultBranch' in sources;
  const trusted = good.filter(({ file }) => isBeside === (file !== REPOSITORY_POLICY)).map(({ policy }) => policy);
  return {
    layer: { name: 'repository', limits, defaults: tight },
    files: good,
    problems,
    networks: trusted.flatMap(networksOf),
    asked: isBeside ? (tight?.network?.setup ?? false) : false,
    grantsLfs: trusted.some(grantsLfs),
    lfs: isBeside ? tight?.lfs : undefined,
  };
}
