/**
 * A worker for tests of warrants: a hub, a repository to deliver to, an organisation's policy, people with keys.
 * Rule: real git, real keys, real policy files. The attacker in these tests controls only an activity's input.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { stringify } from 'yaml';
import { beforeEach } from 'vitest';
import type { ActivityContext } from '../../src/activities/attempt/context.ts';
import type { Approver } from '../../src/core/policy/approvers.ts';
import type { Approval } from '../../src/core/decisions/control.ts';
import type { Verb } from '../../src/core/decisions/messages.ts';
import { canonicalRepository } from '../../src/core/place.ts';
import type { Policy } from '../../src/core/policy/policy.ts';
import type { DecidingMessage, Subject } from '../../src/core/decisions/signed-text.ts';
import { renderSignedText } from '../../src/core/decisions/signed-text.ts';
import type { Sha } from '../../src/core/transcript.ts';
import { commitTree } from '../../src/git/write/commit-tree.ts';
import type { Store } from '../../src/git/store.ts';
import { treeOf } from '../../src/git/objects/tree-of.ts';
import { Keys } from '../core/signers.ts';
import { git, realIsolation, storeWith, temporaryFolder, temporaryWorkspaces } from '../sandbox/sandbox-host.ts';
import { realKeys } from '../signing/real-keys.ts';

const isolation = await realIsolation();
export const execution = { workflowId: 'refactor-1', runId: 'run' };
const NAMESPACE = 'test';
export const OPENED = Date.now() - 60_000;
let keys: Keys;
beforeEach(() => {
  keys = new Keys(realKeys());
});

export interface Place {
  context: ActivityContext;
  store: Store;
  base: Sha;
  commit: Sha;
  target: string;
  policies: string;
  setPolicy(limits: Policy): void;
}

/** A hub with a base and a commit on it, a repository to deliver to, and an organisation. */
export async function place(limits: Policy, base: Record<string, string> = { 'a.txt': 'one\n' }): Promise<Place> {
  const folder = temporaryFolder();
  const { store, base: root } = await storeWith(folder, base);
  const commit = await commitTree(store, { tree: await treeOf(store, root), parents: [root], message: 'work\n' });
  const target = join(folder, 'target.git');
  git(folder, ['init', '-q', '--bare', '-b', 'main', target]);
  git(store.dir, ['push', '-q', target, `${root}:refs/heads/main`]);
  const policies = join(folder, 'policies');
  mkdirSync(policies);
  const setPolicy = (to: Policy): void =>
    writeFileSync(join(policies, 'organisation.yaml'), stringify({ version: 1, limits: to }));
  setPolicy(limits);
  const workspaces = temporaryWorkspaces(isolation);
  const context = {
    stateDir: folder,
    hub: store.dir,
    policies,
    remoteEnvironment: {},
    roots: [{ kind: 'path', path: '/' }],
    setupNetwork: false,
    isolation: 'bwrap',
    host: 'h',
    workspaces,
    commandTimeoutMs: 20_000,
    github: { api: 'http://127.0.0.1:9', host: 'github.com', token: 'none' },
  } as unknown as ActivityContext;
  return { context, store, base: root, commit, target, policies, setPolicy };
}

export async function run<I, O>(activity: (input: I) => Promise<O>, input: I): Promise<O> {
  const environment = new MockActivityEnvironment({ workflowExecution: execution });
  return (await environment.run(activity, input)) as O;
}

export function approver(name: string, rest: Omit<Approver, 'name' | 'publicKey'> = {}): Approver {
  return keys.approver(name, rest);
}

export const SIGNED = (rest: Policy['decisions'] = {}): Policy => ({
  decisions: { signatures: 'required', approvers: [approver('ann'), approver('bob')], ...rest },
});

/** How a signature differs from the one that counts. */
export interface Signing {
  verb?: Verb;
  digest?: string;
  workflow?: string;
  openedAt?: number;
  expiresAt?: string;
  namespace?: string;
  repository?: string;
  leaveOut?: string[];
  /** The person whose name the approval bears instead of the signer's. */
  as?: string;
}

/** An approval as in a workflow's state, signed by `who`. */
export function signedBy(
  who: string,
  about: Pick<Subject, 'id' | 'kind' | 'digest'> & { repository: string },
  how: Signing = {},
): Approval {
  const { verb = 'approve', expiresAt, leaveOut, as = who } = how;
  const repository = canonicalRepository(how.repository ?? about.repository);
  const subject: Subject = {
    workflow: how.workflow ?? execution.workflowId,
    id: about.id,
    kind: about.kind,
    digest: how.digest ?? about.digest,
    openedAt: how.openedAt ?? OPENED,
    place: { namespace: how.namespace ?? NAMESPACE, repository, firstRun: 'first', run: 'run' },
  };
  const message = { verb, id: `m-${who}`, expiresAt, leaveOut } as DecidingMessage;
  const text = renderSignedText(subject, message);
  const proof = { text, signature: keys.signText(who, text) };
  return { by: as, principal: as, at: Date.now() - 30_000, bound: true, signed: true, proof };
}

/** The failure with which an activity refused; throws where the activity did not refuse. */
export async function refusal<I>(
  activity: (input: I) => Promise<unknown>,
  input: I,
): Promise<{ type: string; said: string }> {
  const error: unknown = await run(activity, input).then(
    (outcome) => new Error(`it was done: ${JSON.stringify(outcome)}`),
    (thrown: unknown) => thrown,
  );
  const { type, message } = error as { type?: string; message: string };
  return { type: type ?? 'none', said: message };
}
