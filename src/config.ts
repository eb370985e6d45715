/**
 * Configuration: the only reader of the environment. It is checked once and passed on as values.
 * Rule: an error names the variable and the values that it takes. A wrong value is never replaced by a default.
 */
import { existsSync } from 'node:fs';
import { homedir, hostname, userInfo } from 'node:os';
import { delimiter, isAbsolute, join, resolve } from 'node:path';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { z } from 'zod';
import type { Root } from './core/address.ts';
import { readAllowedRoot, splitRoots } from './core/address.ts';
import type { NetworkGrant } from './core/egress.ts';
import { networkGrantSchema } from './core/egress.ts';
import { MAX_MODEL_SECONDS } from './core/budget/model-limits.ts';
import { TASK_QUEUE } from './core/task-queues.ts';
import { describeIssue } from './core/plan.ts';
import { isPlainPerson } from './git/person.ts';
import type { Person } from './git/person.ts';
import type { GitHub } from './github/pull-request.ts';
import type { Efforts } from './model/efforts.ts';
import { effortsSchema } from './model/efforts.ts';
import { readRemoteEnvironment } from './git/remote/environment.ts';
import type { PriceTable } from './model/prices.ts';
import { priceFileSchema } from './model/prices.ts';
import type { Receivers } from './notify/receivers.ts';
import { readReceivers } from './notify/receivers.ts';
import { refuseFormerState } from './stack/former-state.ts';

const WORKER_ROLES = ['control', 'model', 'workspace'] as const;
export type WorkerRole = (typeof WORKER_ROLES)[number];

/** Wrong configuration; the message names each variable and the values that it takes. */
class ConfigError extends Error {
  override name = 'ConfigError';
}

const listOf = (separator: string): z.ZodType<string[], string> =>
  z.string().transform((text) =>
    text
      .split(separator)
      .map((part) => part.trim())
      .filter((part) => part !== ''),
  );

/**
 * `all` or a list of hosts that a run may grant to its setup, even private hosts, and even after an agent's changes.
 */
const setupNetworkSchema = listOf(',')
  .transform(
    (hosts): NetworkGrant =>
      hosts.length === 0 ? false : hosts.join() === 'all' || { hosts, private: hosts, afterChanges: true },
  )
  .pipe(networkGrantSchema);

/** `Name <address>`. */
const committerSchema = z
  .string()
  .transform((text): Person => {
    const [, name = '', email = ''] = /^([^<]*) <([^\s>]+@[^\s>]+)>$/.exec(text) ?? [];
    return { name, email };
  })
  .refine(isPlainPerson, 'must be such as "Robots <robots@example.com>"');

/** Our own variables, and the variables of others that name keys, addresses and folders. */
export const envSchema = z.object({
  COXSWAIN_STATE: z.string().min(1).optional(),
  COXSWAIN_HUB: z.string().min(1).optional(),
  COXSWAIN_TASK_QUEUE: z.string().min(1).default(TASK_QUEUE),
  COXSWAIN_ROLES: listOf(',')
    .pipe(z.array(z.enum(WORKER_ROLES)).min(1))
    .default([...WORKER_ROLES]),
  COXSWAIN_POLICIES: z.string().min(1).optional(),
  COXSWAIN_SEAL: z.string().min(1).optional(),
  COXSWAIN_ROOTS: z.string().optional(),
  COXSWAIN_SETUP_NETWORK: setupNetworkSchema.default(false),
  COXSWAIN_ISOLATION: z.enum(['bwrap', 'external', 'none']).default('bwrap'),
  COXSWAIN_OVERLAY: z.enum(['auto', 'off']).default('auto'),
  COXSWAIN_TOOLCHAINS: listOf(delimiter).default([]),
  COXSWAIN_BWRAP: z.string().min(1).optional(),
  COXSWAIN_MODEL: z.string().min(1).optional(),
  COXSWAIN_CONTEXT_TOKENS: z.coerce.number().int().min(1000).optional(),
  COXSWAIN_REASONING_EFFORT: listOf(',').pipe(effortsSchema).optional(),
  COXSWAIN_PRICES: priceFileSchema.optional(),
  COXSWAIN_CHECK_TIMEOUT_SECONDS: z.coerce.number().int().min(1).max(86_400).default(1800),
  COXSWAIN_MODEL_TIMEOUT_SECONDS: z.coerce.number().int().min(1).max(MAX_MODEL_SECONDS).default(3600),
  COXSWAIN_MODEL_IDLE_SECONDS: z.coerce.number().int().min(1).max(MAX_MODEL_SECONDS).default(900),
  COXSWAIN_DEPLOYMENT: z
    .string()
    .regex(/^[^:]+$/, 'must not contain a colon')
    .optional(),
  COXSWAIN_BUILD_ID: z.string().min(1).optional(),
  COXSWAIN_COMMITTER: committerSchema.optional(),
  COXSWAIN_GITHUB_TOKEN: z.string().min(1).optional(),
  COXSWAIN_GITHUB_HOST: z.string().min(1).default('github.com'),
  COXSWAIN_GITHUB_API: z.url().default('https://api.github.com'),
  COXSWAIN_RETENTION_DAYS: z.coerce.number().min(0).max(36_500).default(30),
  COXSWAIN_WEB_URL: z.url().optional(),
  COXSWAIN_WEB_TOKEN: z.string().min(32).optional(),
  COXSWAIN_WEB_USER_HEADER: z
    .string()
    .regex(/^[\w-]+$/, "must be a header's name")
    .optional(),
  COXSWAIN_MCP_TOKEN: z.string().min(32).optional(),
  COXSWAIN_RECEIVERS: z.string().min(1).optional(),
  OPENAI_API_KEY: z.string().min(1).optional(),
  OPENAI_BASE_URL: z.url().optional(),
  XDG_CACHE_HOME: z.string().min(1).optional(),
  XDG_STATE_HOME: z.string().min(1).optional(),
  PATH: z.string().default(''),
  TERM: z.string().default('dumb'),
});

export interface ModelConfig {
  /** Undefined if neither key nor base URL is set; then the offline model is used. */
  remote: { name: string; apiKey: string; baseUrl?: string } | undefined;
  efforts?: Efforts;
  prices: PriceTable;
  /** Longest time and longest silence of one call. */
  timeoutMs: number;
  idleTimeoutMs: number;
  /** The model's context in tokens: a conversation is compacted before it exceeds this. */
  contextTokens?: number;
}

export interface Config {
  /** The state folder of this host: hub, stores, workspaces, Temporal's file. */
  stateDir: string;
  /** The default state folder. If another one is in use, commands printed for another terminal name it. */
  usualStateDir: string;
  /** Folder of downloaded programs. */
  cacheDir: string;
  hub: string;
  /** Folder of the organisation's and the teams' policies. */
  policies: string | undefined;
  /** File of the keys with which workers seal their messages; `isMade`: the worker makes it if it is missing. */
  seal: { file: string; isMade: boolean };
  taskQueue: string;
  /** Environment variables that git needs to reach remotes. */
  remoteEnvironment: Record<string, string>;
  /** Author and committer of the commits that are delivered; Coxswain if left out. */
  committer: Person | undefined;
  /** Where pull requests are opened; undefined without a token. */
  github: GitHub | undefined;
  roles: WorkerRole[];
  /** Folders and URL prefixes: a start may name only repositories below them. Undefined if none are configured. */
  roots: Root[] | undefined;
  /** The network that a run's input may grant to its setup. */
  setupNetwork: NetworkGrant;
  isolation: 'bwrap' | 'external' | 'none';
  /** `off`: workspaces are plain folders even where overlays work. */
  overlay: 'auto' | 'off';
  /** Folders with tools outside /usr that commands can read and have on their PATH. */
  toolchains: string[];
  bwrap: string | undefined;
  model: ModelConfig;
  commandTimeoutMs: number;
  /** The worker version to which runs are pinned; undefined where workers are not versioned. */
  version: { deploymentName: string; buildId: string } | undefined;
  /** Days for which the janitor leaves the chains of closed runs in the hub. */
  retentionDays: number;
  /** The pages: their public address, their token, and the header in which a proxy names the person. */
  web: { publicUrl: string | undefined; token: string | undefined; userHeader: string | undefined };
  /** The token of `cox mcp --http`; undefined for a random one. */
  mcpToken: string | undefined;
  /** Who can be told of runs, by the names that policy uses. */
  receivers: Receivers;
  /** The sender's name where a command gives none. */
  user: string;
  hostname: string;
  path: string;
  /** Whether the terminal, if there is one, can move its cursor. */
  hasScreen: boolean;
  /** A Temporal server from the standard variables or profile; undefined means the embedded server. */
  temporal:
    | { address: string; namespace: string; options: ReturnType<typeof loadClientConnectConfig>['connectionOptions'] }
    | undefined;
}

/** Reads the configuration. Relative paths are relative to `workingDirectory`. */
export function readConfig(env: NodeJS.ProcessEnv = process.env, workingDirectory = process.cwd()): Config {
  // An empty variable counts as not set.
  const parsed = envSchema.safeParse(Object.fromEntries(Object.entries(env).filter(([, value]) => value !== '')));
  if (!parsed.success)
    throw new ConfigError(`wrong configuration: ${parsed.error.issues.map(describeIssue).join('; ')}`);
  const values = parsed.data;
  const usualStateDir = join(absolute(values.XDG_STATE_HOME) ?? join(homedir(), '.local', 'state'), 'coxswain');
  const { COXSWAIN_STATE: named } = values;
  if (named === undefined) refuseFormerState(workingDirectory);
  const stateDir = named === undefined ? usualStateDir : resolve(workingDirectory, named);
  return {
    stateDir,
    usualStateDir,
    cacheDir: join(values.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'coxswain'),
    hub: values.COXSWAIN_HUB ?? join(stateDir, 'hub', '{repository}.git'),
    policies: values.COXSWAIN_POLICIES ? resolve(workingDirectory, values.COXSWAIN_POLICIES) : undefined,
    seal: values.COXSWAIN_SEAL
      ? { file: resolve(workingDirectory, values.COXSWAIN_SEAL), isMade: false }
      : { file: join(stateDir, 'seal.json'), isMade: true },
    taskQueue: values.COXSWAIN_TASK_QUEUE,
    remoteEnvironment: readRemoteEnvironment(env),
    committer: values.COXSWAIN_COMMITTER,
    github: values.COXSWAIN_GITHUB_TOKEN
      ? { host: values.COXSWAIN_GITHUB_HOST, api: values.COXSWAIN_GITHUB_API, token: values.COXSWAIN_GITHUB_TOKEN }
      : undefined,
    roles: values.COXSWAIN_ROLES,
    roots: readRoots(values.COXSWAIN_ROOTS, workingDirectory),
    setupNetwork: values.COXSWAIN_SETUP_NETWORK,
    isolation: values.COXSWAIN_ISOLATION,
    overlay: values.COXSWAIN_OVERLAY,
    toolchains: values.COXSWAIN_TOOLCHAINS,
    bwrap: values.COXSWAIN_BWRAP,
    model: readModel(values),
    commandTimeoutMs: values.COXSWAIN_CHECK_TIMEOUT_SECONDS * 1000,
    version: readVersion(values),
    retentionDays: values.COXSWAIN_RETENTION_DAYS,
    web: {
      publicUrl: values.COXSWAIN_WEB_URL,
      token: values.COXSWAIN_WEB_TOKEN,
      userHeader: values.COXSWAIN_WEB_USER_HEADER,
    },
    mcpToken: values.COXSWAIN_MCP_TOKEN,
    receivers: readReceivers(values.COXSWAIN_RECEIVERS, env),
    user: userInfo().username,
    hostname: hostname(),
    path: values.PATH,
    hasScreen: values.TERM !== 'dumb',
    temporal: readTemporal(env),
  };
}

/** The XDG specification says to ignore a relative path in its variables. */
function absolute(path: string | undefined): string | undefined {
  return path !== undefined && isAbsolute(path) ? path : undefined;
}

function readRoots(text: string | undefined, workingDirectory: string): Root[] | undefined {
  const entries = text === undefined ? undefined : splitRoots(text, delimiter).map((part) => part.trim());
  return entries
    ?.filter((entry) => entry !== '')
    .map((entry) => {
      const root = readAllowedRoot(entry);
      if (root) return root.kind === 'path' ? { ...root, path: resolve(workingDirectory, root.path) } : root;
      throw new ConfigError(
        `COXSWAIN_ROOTS: ${JSON.stringify(entry)} is neither a folder nor the beginning of a URL: ` +
          'write /srv/git, https://git.example.com/team/, ssh://git.example.com/, or https:// for every public host',
      );
    });
}

function readVersion({
  COXSWAIN_DEPLOYMENT: deploymentName,
  COXSWAIN_BUILD_ID: buildId,
}: z.infer<typeof envSchema>): Config['version'] {
  if (deploymentName !== undefined && buildId !== undefined) return { deploymentName, buildId };
  if (deploymentName === undefined && buildId === undefined) return undefined;
  throw new ConfigError('COXSWAIN_DEPLOYMENT and COXSWAIN_BUILD_ID go together: set both or neither');
}

function readModel(values: z.infer<typeof envSchema>): ModelConfig {
  const { OPENAI_API_KEY: apiKey, OPENAI_BASE_URL: baseUrl, COXSWAIN_MODEL: name } = values;
  const shared = {
    prices: values.COXSWAIN_PRICES ?? {},
    timeoutMs: values.COXSWAIN_MODEL_TIMEOUT_SECONDS * 1000,
    idleTimeoutMs: values.COXSWAIN_MODEL_IDLE_SECONDS * 1000,
    ...(values.COXSWAIN_CONTEXT_TOKENS ? { contextTokens: values.COXSWAIN_CONTEXT_TOKENS } : {}),
    ...(values.COXSWAIN_REASONING_EFFORT ? { efforts: values.COXSWAIN_REASONING_EFFORT } : {}),
  };
  if (!apiKey && !baseUrl) return { ...shared, remote: undefined };
  if (!name)
    throw new ConfigError(
      'COXSWAIN_MODEL is missing: name the model to use at OPENAI_BASE_URL (or at OpenAI, with OPENAI_API_KEY)',
    );
  // The client always sends a key, even to a server that needs none.
  return { ...shared, remote: { name, apiKey: apiKey ?? 'none', ...(baseUrl ? { baseUrl } : {}) } };
}

/** The user's Temporal server: from an address, a profile's name, or the profile file at its default path. */
function readTemporal(env: NodeJS.ProcessEnv): Config['temporal'] {
  const file =
    env['TEMPORAL_CONFIG_FILE'] ??
    join(env['XDG_CONFIG_HOME'] ?? join(homedir(), '.config'), 'temporalio', 'temporal.toml');
  if (!env['TEMPORAL_ADDRESS'] && !env['TEMPORAL_PROFILE'] && !existsSync(file)) return undefined;
  try {
    const { connectionOptions, namespace } = loadClientConnectConfig();
    const address = connectionOptions.address;
    if (!address) return undefined;
    return { address, namespace: namespace ?? 'default', options: connectionOptions };
  } catch (error) {
    throw new ConfigError(
      `Temporal's profile can't be read (${file}): ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}
