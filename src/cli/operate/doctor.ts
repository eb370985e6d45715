/**
 * `cox doctor`: looks at each thing that Coxswain needs and says what is missing and what to do.
 * Rule: it changes nothing but what finding a program may download.
 */
import { access, constants } from 'node:fs/promises';
import type { Command } from 'commander';
import { execa } from 'execa';
import { connectClient } from '../../client/connect.ts';
import { describeUnreplayable, findUnreplayable } from '../../client/find-unreplayable.ts';
import type { Config } from '../../config.ts';
import { readConfig } from '../../config.ts';
import { escapeForPeople } from '../../core/text/escape.ts';
import type { ExternalIsolation } from '../../sandbox/isolation/isolation.ts';
import { openExternal } from '../../sandbox/isolation/open-external.ts';
import { openIsolation } from '../../sandbox/isolation/open-isolation.ts';
import { describeNoCurrent, findCurrentBuild } from '../../client/deployment.ts';
import { findTemporal } from '../../stack/find-temporal.ts';
import { findMissingSearchAttributes } from '../../client/search-attributes.ts';
import { claimStateFolder } from '../../stack/state-folder.ts';
import type { Action } from '../command/action.ts';
import { addExample } from '../command/help.ts';
import { lookAtPolicy } from './look-at-policy.ts';
import { lookAtSeal } from './seal.ts';
import { attach } from '../stack/open-stack.ts';

type Finding = { ok: boolean; text: string };

/** `merge-tree --write-tree` and `--quiet` of its sort came with 2.38; 2.39 is what the tests run on. */
const MIN_GIT = [2, 38] as const;

export function addDoctor(program: Command, action: Action): void {
  const command = program
    .command('doctor')
    .description('say what this machine lacks, and what to do')
    .action(action(async () => await doctor(readConfig())));
  addExample(command, []);
}

async function doctor(config: Config): Promise<number> {
  const looks: [string, () => Promise<Finding>][] = [
    ['node', async () => await Promise.resolve({ ok: true, text: process.version })],
    ['git', lookAtGit],
    ['temporal', async () => await lookAtTemporal(config)],
    ['runs', async () => await lookAtRuns(config)],
    ['isolation', async () => await lookAtIsolation(config)],
    ['model', async () => await Promise.resolve(lookAtModel(config))],
    ['state', async () => await lookAtState(config)],
    ['seal', async () => await lookAtSeal(config)],
    ['policy', async () => await lookAtPolicy({ folder: config.policies, repository: process.cwd() })],
  ];
  let bad = 0;
  for (const [name, look] of looks) {
    const finding = await look().catch(
      (error: unknown): Finding => ({ ok: false, text: error instanceof Error ? error.message : String(error) }),
    );
    if (!finding.ok) bad += 1;
    console.log(`${finding.ok ? 'ok     ' : 'MISSING'} ${name.padEnd(10)} ${finding.text}`);
  }
  return bad === 0 ? 0 : 1;
}

async function lookAtGit(): Promise<Finding> {
  const { stdout, failed } = await execa('git', ['--version'], { reject: false });
  if (failed) return { ok: false, text: 'git does not run: install it' };
  const [major = 0, minor = 0] = (/(\d+)\.(\d+)/.exec(stdout)?.slice(1) ?? []).map(Number);
  const enough = major > MIN_GIT[0] || (major === MIN_GIT[0] && minor >= MIN_GIT[1]);
  return { ok: enough, text: enough ? stdout : `${stdout}: ${MIN_GIT.join('.')} or later is needed` };
}

async function lookAtTemporal(config: Config): Promise<Finding> {
  if (!config.temporal) {
    const found = await findTemporal({ cacheDir: config.cacheDir, searchPath: config.path });
    if (found.kind === 'missing') return { ok: false, text: found.remedy };
    return { ok: true, text: `embedded, by ${found.path} (${found.source})` };
  }
  const { address, namespace, options } = config.temporal;
  const connected = await connectClient({ address, namespace, connectionOptions: options });
  try {
    const missing = await findMissingSearchAttributes(connected.connection, namespace);
    if (missing.length > 0) return { ok: false, text: `${address} lacks search attributes: run "cox setup"` };
    const { version } = config;
    const build = version && (await findCurrentBuild(connected.connection, namespace, version.deploymentName));
    if (version && build === undefined) return { ok: false, text: describeNoCurrent(version) };
    return { ok: true, text: `${address}, namespace ${namespace}${build === undefined ? '' : `, version ${build}`}` };
  } finally {
    await connected.close();
  }
}

/** Runs of the configured Temporal, or of the embedded one where it is up. */
async function lookAtRuns(config: Config): Promise<Finding> {
  const stack = await attach(config);
  if (!stack) return { ok: true, text: 'none: nothing is up' };
  try {
    const found = await findUnreplayable(stack.client, config.taskQueue);
    if (found.length === 0) return { ok: true, text: 'each can be replayed' };
    return { ok: false, text: found.map((run) => escapeForPeople(describeUnreplayable(run))).join('; ') };
  } finally {
    await stack.stop();
  }
}

async function lookAtIsolation(config: Config): Promise<Finding> {
  if (config.isolation === 'none') return { ok: true, text: 'none, as COXSWAIN_ISOLATION says: every command asks' };
  const search = { cacheDir: config.cacheDir, ...(config.bwrap ? { configured: config.bwrap } : {}) };
  if (config.isolation === 'external') return describeExternal(await openExternal(search));
  const finding = await openIsolation({
    ...search,
    folder: config.stateDir,
    overlay: config.overlay,
    toolchains: config.toolchains,
  });
  if (finding.kind === 'failed') return { ok: false, text: finding.reason };
  const overlay = finding.noOverlay === null ? 'overlay: true' : `overlay: false (${finding.noOverlay})`;
  return { ok: true, text: `bwrap, ${overlay}, bubblewrap ${finding.version}, proven` };
}

function describeExternal({ pidNamespace }: ExternalIsolation): Finding {
  const processes = pidNamespace ? 'each dies with all its processes' : 'a process that leaves its group may survive';
  return { ok: true, text: `external, as COXSWAIN_ISOLATION says: commands run in this container; ${processes}` };
}

function lookAtModel({ model }: Config): Finding {
  if (!model.remote) {
    return {
      ok: true,
      text: 'the offline model (structural replacements only); set OPENAI_API_KEY and COXSWAIN_MODEL for another',
    };
  }
  return { ok: true, text: `${model.remote.name} at ${model.remote.baseUrl ?? 'OpenAI'}` };
}

async function lookAtState({ stateDir }: Config): Promise<Finding> {
  await claimStateFolder(stateDir);
  await access(stateDir, constants.W_OK);
  return { ok: true, text: stateDir };
}
