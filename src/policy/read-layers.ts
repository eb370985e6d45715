/**
 * Reads and joins the layers of policy: the organisation's and the team's from the worker's folder, the repository's
 * from its default branch and its base commit, the run's from its input.
 * Rule: no layer comes from a tree that an agent changed, and the organisation's never from the repository. A
 * configured file that can't be read is an error; its layer is never skipped.
 */
import { checkPatterns, checkRules } from '../core/commands/check-examples.ts';
import { canonicalJson, digestText } from '../core/digest.ts';
import type { NetworkGrant } from '../core/egress.ts';
import type { EffectivePolicy, Policy } from '../core/policy/policy.ts';
import type { Layer, LayerName } from '../core/policy/resolve.ts';
import type { LfsRule } from '../core/policy/fields.ts';
import { isWithin } from '../core/policy/network-grants.ts';
import { mergeLimits, resolveLayers, tightenBy } from '../core/policy/resolve.ts';
import type { PolicyFile } from '../core/policy/file.ts';
import type { Organisation } from './read-organisation.ts';
import { readOrganisation } from './read-organisation.ts';
import type { ReadPolicyFile } from './read-policy-file.ts';
import { readPolicyFile } from './read-policy-file.ts';

/** The path of a repository's policy. */
export const REPOSITORY_POLICY = '.coxswain/policy.yaml';

export interface LayerSources {
  /** Folder with `organisation.yaml` and `teams/<team>.yaml`; undefined if the worker has none. */
  folder: string | undefined;
  /** The team that the start names. */
  team: string | undefined;
  /** The repository's address or real path, by which its team is found; null: only the named team counts. */
  address: string | null;
  /** The text of the repository's file at the base; undefined if there is none. */
  repository: string | undefined;
  /** The text at the head of the default branch, whose limits count too. Left out if that is the base. */
  defaultBranch?: string | undefined;
  run: Policy | undefined;
  /** Networks for the setup that were granted to this run outside of the files. */
  said?: readonly NetworkGrant[];
  /**
   * The run is under way, so its own and its base's settings can't be changed any more. A setting that is looser than a
   * current limit counts as the limit. A pattern that is refused now stays: it allows nothing and protects everything.
   */
  isUnderWay?: boolean;
}

export type LayersResult =
  | { kind: 'ok'; policy: EffectivePolicy; organisation: string | null; team: string | undefined }
  /** `isRefusal`: the files are valid, and policy refuses the run. */
  | { kind: 'bad'; problems: string[]; isRefusal?: true };

/** Reads and joins all layers. */
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

/** A digest of the organisation's and the team's settings: of their meaning, not of the files' text. */
function digestOf({ files, team }: Organisation): string {
  return digestText(canonicalJson({ files: files.map(({ name, policy }) => ({ name, policy })), team: team ?? null }));
}

const UNSAID_NETWORK =
  "policy.network.setup: a run's own input, or a base that it chooses, can't open the network: the person who starts it chooses both. " +
  'Name the hosts at the terminal of the worker (cox run --network-for-setup registry.example.com), ' +
  'in a policy file (limits: {network: {setup: {hosts: […]}}}), or for all runs of the worker (COXSWAIN_SETUP_NETWORK)';

/** The networks for a setup that a layer grants, as a limit or by default. */
function networksOf({ limits, defaults }: Pick<Layer, 'limits' | 'defaults'>): NetworkGrant[] {
  return [limits?.network?.setup, defaults?.network?.setup].filter((grant) => grant !== undefined);
}

const UNSAID_LFS =
  "policy.lfs: a run's own input, or a base that it chooses, can't have the content of LFS files fetched. " +
  "Write `lfs: content` under `limits` or `defaults` of a policy file: the organisation's, the team's, or the repository's on its default branch";

/** Whether a layer lets runs have the content of LFS files. */
function grantsLfs({ limits, defaults }: Pick<Layer, 'limits' | 'defaults'>): boolean {
  return limits?.lfs === 'content' || defaults?.lfs === 'content';
}

interface RepositoryLayer {
  layer: Layer | undefined;
  files: { name: LayerName; file: string; lineOf: ReadPolicyFile['lineOf'] }[];
  problems: string[];
  /** The networks that the default branch grants, and the one that another base asks for. */
  networks: NetworkGrant[];
  asked: NetworkGrant;
  /** Whether the default branch lets runs have LFS content, and what another base asks for. */
  grantsLfs: boolean;
  lfs: LfsRule | undefined;
}

/**
 * The repository's layer. A run chooses its base, so the limits at the head of the default branch count too: the
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
  // Within one file, a default that is looser than a limit is reported as a mistake. Between two files the limit wins.
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
