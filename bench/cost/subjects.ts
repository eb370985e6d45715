/**
 * The measured subjects: a command, a checkpoint, a hydration and a whole act, on a small and a large repository, and
 * the same by plain bubblewrap or plain git.
 * Rule: our code is called as the worker calls it, through workspaces and activities.
 */
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { createAct } from '../../src/activities/agent/act.ts';
import type { ActivityContext } from '../../src/activities/attempt/context.ts';
import type { ActInput, ActOutcome } from '../../src/core/agent/step.ts';
import { digestText } from '../../src/core/digest.ts';
import type { Sha } from '../../src/core/transcript.ts';
import { formatCheckpointMessage } from '../../src/core/transcript.ts';
import { commitTree } from '../../src/git/write/commit-tree.ts';
import { moveRef } from '../../src/git/remote/move-ref.ts';
import { refSlug } from '../../src/git/ref-name.ts';
import { treeOf } from '../../src/git/objects/tree-of.ts';
import type { Workspace } from '../../src/sandbox/workspace/workspaces.ts';
import type { Subject } from './interleave.ts';
import type { MeasuredRepository } from './repository.ts';
import { GIT_ENVIRONMENT } from './repository.ts';
import { runPlain } from './run-plain.ts';

/** Time limit of a command; none of these takes a second. */
const TIMEOUT_MS = 60_000;
/** The command of a typical tool call: one small change. */
const CHANGE = 'date +%s%N';
/** A message of about the length that `act` writes. */
const MESSAGE = `1 run date → exit status 0\n\n${'x'.repeat(1000)}\n`;
const COMMIT = 'git commit-tree -p HEAD -m step $(git write-tree)';

/** One command that does nothing, in our sandbox. */
export async function commandSubject(name: string, repository: MeasuredRepository): Promise<Subject> {
  const workspace = await open(repository, 'command');
  return { name, work: async () => await run(workspace, 'true') };
}

/** The same command in bubblewrap with the fewest options and the whole root. */
export function plainCommandSubject(name: string, bubblewrap: string): Subject {
  const args = ['--unshare-all', '--ro-bind', '/', '/', 'true'];
  return { name, work: async () => await runPlain(bubblewrap, args) };
}

/** A checkpoint of one file that a command changed. */
export async function checkpointSubject(name: string, repository: MeasuredRepository): Promise<Subject> {
  const workspace = await open(repository, 'checkpoint');
  let parent = repository.base;
  return {
    name,
    prepare: async () => await run(workspace, `${CHANGE} > ${repository.changed}`),
    work: async () => {
      parent = (await workspace.checkpoint({ parent, message: () => MESSAGE })).commit;
    },
  };
}

/** The same by git in a plain checkout, whose index knows all other files. */
export function plainCommitSubject(name: string, checkout: string, { changed }: MeasuredRepository): Subject {
  const options = { cwd: checkout, env: GIT_ENVIRONMENT };
  return {
    name,
    prepare: async () => await writeFile(join(checkout, changed), randomBytes(20).toString('hex')),
    work: async () => await runPlain('sh', ['-c', `git add -A && ${COMMIT}`], options),
  };
}

/** Opening a workspace that was at another checkpoint. */
export async function hydrateSubject(name: string, repository: MeasuredRepository): Promise<Subject> {
  const { workspaces, store, base } = repository;
  const checkpoints: Sha[] = [];
  for (let count = 0; count < 2; count += 1) {
    const workspace = await open(repository, 'hydrate');
    await run(workspace, `${CHANGE} > ${repository.changed}`);
    checkpoints.push((await workspace.checkpoint({ parent: base, message: () => MESSAGE })).commit);
  }
  let turn = 0;
  return {
    name,
    work: async () => {
      turn += 1;
      await workspaces.open({ id: 'hydrate', store, base, commit: checkpoints[turn % 2] as Sha });
    },
  };
}

/** The same by git in a plain checkout, whose index knows all other files. */
export function plainCheckoutSubject(name: string, checkout: string): Subject {
  const options = { cwd: checkout, env: GIT_ENVIRONMENT };
  let turn = 0;
  return {
    name,
    work: async () => {
      turn += 1;
      const to = turn % 2 === 0 ? 'first' : 'second';
      await runPlain('git', ['checkout', '--quiet', '--force', '--detach', to], options);
    },
  };
}

/**
 * A whole act as the worker runs it: finding the call, the command, its checkpoint, the ref, paths outside the task.
 */
export async function actSubject(
  name: string,
  context: ActivityContext,
  repository: MeasuredRepository,
): Promise<Subject> {
  const { origin, store, base, changed } = repository;
  const execution = { workflowId: `cost-${repository.files}`, runId: 'run' };
  const ref = `refs/coxswain/agents/${refSlug(execution.workflowId)}/${execution.runId}`;
  const act = createAct(context);
  const call = JSON.stringify({ command: `${CHANGE} > ${changed}` });
  let head = base;
  let step = 0;
  let at: Sha | null = null;
  return {
    name,
    // Make the checkpoint that `think` would have stored, with the call.
    prepare: async () => {
      step += 1;
      const tree = await treeOf(store, head);
      head = await commitTree(store, { tree, parents: [head], message: thought(`think/${step}`, call) });
      await moveRef(store, { ref, to: head, from: at });
    },
    work: async () => {
      const input: ActInput = {
        repository: origin,
        base,
        start: base,
        head,
        key: `act/${step}`,
        profile: 'work',
        callId: 'call',
        digest: digestText(`shell\n${call}`),
        decision: { outcome: 'allow', by: 'bench', policy: '' },
        paths: ['**'],
        setup: null,
      };
      const environment = new MockActivityEnvironment({ workflowExecution: execution });
      const done = (await environment.run(act, input)) as ActOutcome;
      if (done.exitCode !== 0) throw new Error(`the act's command ended with ${done.exitCode}`);
      head = done.head;
      at = done.head;
    },
  };
}

/** The same effects by plain bubblewrap and plain git: a command that changes one file, a commit, a ref. */
export function plainActSubject(
  name: string,
  bubblewrap: string,
  checkout: string,
  { changed }: MeasuredRepository,
): Subject {
  const inside = `'${bubblewrap}' --unshare-all --ro-bind / / --bind "$PWD" "$PWD" sh -c '${CHANGE} > ${changed}'`;
  const line = `${inside} && git add -A && git update-ref refs/heads/agent $(${COMMIT})`;
  return { name, work: async () => await runPlain('sh', ['-c', line], { cwd: checkout, env: GIT_ENVIRONMENT }) };
}

function thought(key: string, call: string): string {
  return formatCheckpointMessage(`${key} think: shell`, {
    v: 1,
    kind: 'think',
    key,
    model: 'bench',
    usage: { inputTokens: 0, cachedTokens: 0, outputTokens: 0, costUsd: null },
    steers: [],
    items: [{ kind: 'call', callId: 'call', tool: 'shell', arguments: call }],
  });
}

async function open({ workspaces, store, base }: MeasuredRepository, id: string): Promise<Workspace> {
  return await workspaces.open({ id, store, base, commit: base });
}

async function run(workspace: Workspace, command: string): Promise<void> {
  const request = { command, profile: 'workspace', network: false, timeoutMs: TIMEOUT_MS } as const;
  const { exitCode, output } = await workspace.run(request);
  if (exitCode !== 0) throw new Error(`${command} ended with ${exitCode}: ${output}`);
}
