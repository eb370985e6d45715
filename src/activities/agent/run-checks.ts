/**
 * `runChecks`: runs the checks on exactly one commit, in a fresh workspace that is thrown away.
 * Rule: evidence comes from here, never from an agent's workspace. A red check runs once more; both results are stored.
 */
import { compareRuns } from '../../core/compare-output.ts';
import { escapeForPeople } from '../../core/text/escape.ts';
import { harmless } from '../../core/text/harmless.ts';
import { ends } from '../../core/text/lines.ts';
import { describeHostUse } from '../../core/egress.ts';
import type { HostUse } from '../../core/egress.ts';
import type { Evidence } from '../../core/evidence.ts';
import type { CheckInput } from '../../core/agent/step.ts';
import type { Sha } from '../../core/transcript.ts';
import { ensureCommit } from '../../git/remote/fetch-commit.ts';
import { readLink } from '../../git/read/read-chain.ts';
import type { Store } from '../../git/store.ts';
import { treeOf } from '../../git/objects/tree-of.ts';
import type { CheckResult, SetupRequest } from '../../sandbox/workspace/workspaces.ts';
import type { ActivityContext } from '../attempt/context.ts';
import { storeOf } from '../attempt/context.ts';
import type { WorkspaceActivities } from '../attempt/contract.ts';
import { fail } from '../attempt/failures.ts';
import { storeEvidence, readRuns } from './store-evidence.ts';
import { contentFor } from '../attempt/lfs.ts';
import type { Screen } from '../attempt/heartbeats.ts';
import { withHeartbeats } from '../attempt/heartbeats.ts';
import { LiveStage } from '../attempt/live-output.ts';
import { checkSetup } from '../attempt/warrant.ts';

/** Characters of a check's output that travel with its evidence. */
const TAIL_CHARACTERS = 1000;
/**
 * Characters of a failed setup's output, a third from its beginning, where the cause often is, the rest from its end.
 */
const SETUP_CHARACTERS = 1200;
/** Most changed files that a note names. */
const MAX_NAMED = 5;

export function createRunChecks(context: ActivityContext): WorkspaceActivities['runChecks'] {
  return (input) => withHeartbeats((signal, _, screen) => runCheckCommands(context, input, { signal, screen }), input);
}

/** The input with the LFS content that the workspaces get, and with the signal that ends the setup. */
type Ready = Omit<CheckInput, 'setup'> & Awaited<ReturnType<typeof contentFor>> & { setup: SetupRequest | null };

/** What ends these checks early, and where people see how far they are. */
export interface CheckRun {
  signal: AbortSignal;
  screen: Screen;
}

interface Judged {
  evidence: Evidence;
  output: string;
}

/** Runs the checks on a commit, the red ones twice, and stores the evidence in the hub. */
export async function runCheckCommands(
  context: ActivityContext,
  input: CheckInput,
  run: CheckRun,
): Promise<Evidence[]> {
  const { signal, screen } = run;
  screen.show(new LiveStage('files'));
  const store = await storeOf(context, input.repository);
  await ensureCommit(store, { commit: input.commit });
  const content = await contentFor(context, store, input, signal);
  const ready: Ready = { ...input, ...content, setup: input.setup && { ...input.setup, signal } };
  await prepareSetup(context, store, ready);
  if (input.checks.length === 0) return [];
  const tree = await treeOf(store, input.commit);
  const first = await runOnce(context, store, ready, input.checks, tree, run);
  const red = first.filter(({ evidence }) => !evidence.green).map(({ evidence }) => evidence.command);
  const second = red.length > 0 ? await runOnce(context, store, ready, red, tree, run) : [];
  const results = await compareWithBase(store, input, [...first, ...second]);
  return await storeEvidence(store, { commit: input.commit, tree }, results);
}

/** For checks that a person accepted as red on the base: adds what is new in their output since the base. */
async function compareWithBase(store: Store, { redBefore = [] }: CheckInput, all: Judged[]): Promise<Judged[]> {
  const compared = new Map<string, NonNullable<Evidence['before']>>();
  for (const { command, log } of redBefore) {
    const own = all.filter(({ evidence }) => evidence.command === command);
    if (own.at(-1)?.evidence.green !== false) continue;
    await ensureCommit(store, { commit: log });
    const { isSame, fresh, old } = compareRuns(readRuns((await readLink(store, log)).message, command), {
      exitCodes: own.map(({ evidence }) => evidence.exitCode),
      outputs: own.map(({ output }) => escapeForPeople(output)),
    });
    compared.set(command, { isSame, fresh: harmless(fresh.join('\n').slice(0, TAIL_CHARACTERS)), old });
  }
  return all.map(({ evidence, output }) => {
    const before = evidence.green ? undefined : compared.get(evidence.command);
    return { evidence: before ? { ...evidence, before } : evidence, output };
  });
}

async function prepareSetup(context: ActivityContext, store: Store, input: Ready): Promise<void> {
  const { base, names, content, setup } = input;
  if (!setup) return;
  await checkSetup(context, store, input);
  const outcome = await context.workspaces.prepareSetup({ store, base, names, content, setup });
  if (outcome.kind === 'failed') {
    const network = setup.network
      ? describeNetwork(outcome.hosts ?? [])
      : ' It had no network: if it needs one, grant it hosts by policy {"network": {"setup": {"hosts": ["…"]}}}.';
    throw fail(
      'SetupFailed',
      `setup "${setup.command}" ended with exit status ${outcome.exitCode ?? 'none'}.${network}\n${ends(harmless(outcome.output.trim()), SETUP_CHARACTERS)}`,
    );
  }
  if (outcome.kind === 'changed-tracked') {
    throw fail(
      'SetupChangedTracked',
      `setup "${setup.command}" changed files that git tracks: ${outcome.paths.slice(0, 10).join(', ')}. Commit what it makes, or use another command`,
    );
  }
}

/** The hosts that the setup asked the proxy for: a host missing in the policy is the likeliest cause of a failure. */
function describeNetwork(hosts: readonly HostUse[]): string {
  const used = describeHostUse(hosts);
  const asked = used === '' ? ' It asked the proxy for no host.' : ` By the network: ${used}.`;
  return `${asked} Programs reach hosts through the proxy of HTTP_PROXY and HTTPS_PROXY only: direct connections fail.`;
}

async function runOnce(
  context: ActivityContext,
  store: Store,
  { base, names, content, commit, setup }: Ready,
  checks: string[],
  tree: Sha,
  { signal, screen }: CheckRun,
): Promise<Judged[]> {
  const timeoutMs = context.commandTimeoutMs;
  const results = await context.workspaces.runChecks({
    store,
    base,
    names,
    content,
    commit,
    checks,
    timeoutMs,
    signal,
    onBegin: (command) => {
      const live = new LiveStage('command', { command, limitMs: timeoutMs });
      screen.show(live);
      return (chunk) => live.write(chunk);
    },
    ...(setup ? { setup } : {}),
  });
  signal.throwIfAborted();
  return results.map((result, index) => ({
    evidence: toEvidence(result, checks[index] ?? '', commit, tree),
    output: result.output,
  }));
}

function toEvidence(result: CheckResult, command: string, commit: Sha, tree: Sha): Evidence {
  const late = result.outcome === 'timed-out' ? '\n[it took too long and was ended]' : '';
  return {
    command,
    exitCode: result.exitCode,
    green: result.outcome === 'exited' && result.exitCode === 0,
    commit,
    tree,
    tail: `${harmless(result.output.slice(-TAIL_CHARACTERS))}${late}${describeStale(result.staleSetup)}${describePutBack(result.putBack)}`,
    outputDigest: result.outputDigest,
    durationMs: result.durationMs,
    isolation: result.isolation,
  };
}

/**
 * Names the tracked files that were put back after a check: evidence is about the tree, not about a check's changes.
 */
function describePutBack(paths: readonly string[]): string {
  if (paths.length === 0) return '';
  const more = paths.length > MAX_NAMED ? ` and ${paths.length - MAX_NAMED} more` : '';
  const named = paths.slice(0, MAX_NAMED).map((path) => harmless(path.slice(0, 200)));
  return `\n[it changed tracked files, which were put back before the next check: ${named.join(', ')}${more}]`;
}

/** Warns that a check ran with the base's dependencies although the commit names others: green or red may be wrong. */
function describeStale(stale: CheckResult['staleSetup']): string {
  if (!stale) return '';
  return `\n[setup did not run again, though ${stale.paths.slice(0, 5).join(', ')} changed: ${stale.reason.slice(0, 300)}]`;
}
