/** What is integrated of an agent's result: what the hub shows and verified approvals are of, whatever a report says. */
import { MockActivityEnvironment } from '@temporalio/testing';
import { describe, expect, test } from 'vitest';
import { createIntegrateTask } from '../../src/activities/refactor/integrate-task.ts';
import { storeEvidence } from '../../src/activities/agent/store-evidence.ts';
import { digestText, digestValue } from '../../src/core/digest.ts';
import type { Evidence } from '../../src/core/evidence.ts';
import type { IntegrateInput, IntegrateOutcome } from '../../src/core/refactor/exchange.ts';
import type { Asked, Permit } from '../../src/core/decisions/permits.ts';
import type { Spend } from '../../src/core/spend.ts';
import type { Entry, Sha } from '../../src/core/transcript.ts';
import { formatCheckpointMessage } from '../../src/core/transcript.ts';
import { commitTree } from '../../src/git/write/commit-tree.ts';
import { moveRef } from '../../src/git/remote/move-ref.ts';
import { refSlug } from '../../src/git/ref-name.ts';
import { treeOf } from '../../src/git/store.ts';
import { addCommit, git, temporaryFolder } from '../sandbox/sandbox-host.ts';
import type { Place } from './warrant-place.ts';
import { execution, OPENED, place, run, SIGNED, signedBy } from './warrant-place.ts';

const AGENT = `${execution.workflowId}/a.1`;
const USAGE = { inputTokens: 100, cachedTokens: 0, outputTokens: 10, costUsd: null };
const SPENT: Spend = { ...USAGE, modelCalls: 1, acts: 1 };
const FILES = { 'a.txt': 'one\n', 'deploy/prod.yaml': 'replicas: 2\n' };
const PROTECTED = { protectedPaths: ['deploy/**'] };

interface Result {
  at: Place;
  head: Sha;
  input: IntegrateInput;
}

/** An agent that changed files by one model call and one act, with its green check kept in the hub. */
async function resultOf(at: Place, files: Record<string, string>): Promise<Result> {
  const { store, base } = at;
  const checkpoint = async (parent: Sha, tree: Sha, entry: Entry): Promise<Sha> =>
    await commitTree(store, { tree, parents: [parent], message: formatCheckpointMessage(entry.kind, entry) });
  const tree = await treeOf(store, addCommit(temporaryFolder(), store, { ...FILES, ...files }));
  const thought = await checkpoint(base, await treeOf(store, base), {
    v: 1,
    kind: 'think',
    key: 'think/1',
    model: 'm',
    usage: USAGE,
    steers: [],
    items: [],
  });
  const head = await checkpoint(thought, tree, {
    v: 1,
    kind: 'act',
    key: 'act/1',
    callId: 'c',
    tool: 'shell',
    exitCode: 0,
    signal: null,
    durationMs: 1,
    outputBytes: 0,
    isolation: 'bwrap',
    decision: { by: 'policy', digest: 'd' },
    items: [],
  });
  await moveRef(store, { ref: `refs/coxswain/agents/${refSlug(AGENT)}/run`, to: head, from: null });
  const evidence = await keep(at, head, 'npm test', true);
  const input: IntegrateInput = {
    repository: at.target,
    line: base,
    start: base,
    head,
    key: 'integrate/1',
    message: 'work\n',
    keeps: { paths: ['a.txt'], barred: [], allowed: [] },
    whole: { base, paths: ['a.txt'], task: '' },
    result: { agent: AGENT, task: 'a', checks: ['npm test'], evidence, spend: SPENT },
    permits: [],
    warrant: { team: null, run: null, authors: null },
  };
  return { at, head, input };
}

/** Keeps a check's result as the agent's own activity does. */
async function keep(
  { store }: Place,
  commit: Sha,
  command: string,
  green: boolean,
  output = 'output',
): Promise<Evidence[]> {
  const tree = await treeOf(store, commit);
  const evidence: Evidence = {
    command,
    exitCode: green ? 0 : 1,
    green,
    commit,
    tree,
    tail: '',
    outputDigest: digestText(output),
    durationMs: 1,
    isolation: 'bwrap',
  };
  const environment = new MockActivityEnvironment({
    workflowType: 'agent',
    workflowExecution: { workflowId: AGENT, runId: 'run' },
  });
  return (await environment.run(async () =>
    storeEvidence(store, { commit, tree }, [{ evidence, output }]),
  )) as Evidence[];
}

async function integrate({ at, input }: Result, change: Partial<IntegrateInput> = {}): Promise<IntegrateOutcome> {
  return await run(createIntegrateTask(at.context), { ...input, ...change });
}

type Claimed = NonNullable<IntegrateInput['result']>;
const claim = ({ input }: Result, change: Partial<Claimed>): Claimed => ({ ...(input.result as Claimed), ...change });

test('a result that the hub bears out is integrated', async () => {
  const result = await resultOf(await place({}, FILES), { 'a.txt': 'two\n' });
  const outcome = await integrate(result);
  expect(outcome).toMatchObject({ kind: 'merged', changed: 1 });
  expect(outcome).not.toHaveProperty('took');
});

test('an attempt that was frozen and keeps its evidence late takes nothing from the one that was reported', async () => {
  const result = await resultOf(await place({}, FILES), { 'a.txt': 'two\n' });
  const late = await keep(result.at, result.head, 'npm test', true, 'the output of another attempt');
  expect(late[0]?.log).not.toBe(result.input.result?.evidence[0]?.log);
  expect(await integrate(result)).toMatchObject({ kind: 'merged' });
});

describe('a report is left aside', () => {
  test('whose head is on no chain of its agent', async () => {
    const result = await resultOf(await place({}, FILES), { 'a.txt': 'two\n' });
    const { store, base } = result.at;
    const tree = await treeOf(store, addCommit(temporaryFolder(), store, { ...FILES, 'a.txt': 'evil\n' }));
    const head = await commitTree(store, { tree, parents: [base], message: 'elsewhere\n' });
    expect(await integrate(result, { head })).toMatchObject({
      kind: 'untrue',
      reason: expect.stringContaining('no ref'),
    });
  });

  test('that names the agent of another task or refactor', async () => {
    const result = await resultOf(await place({}, FILES), { 'a.txt': 'two\n' });
    for (const change of [{ agent: 'other/a.1' }, { task: 'b' }])
      expect(await integrate(result, { result: claim(result, change) })).toMatchObject({ kind: 'untrue' });
  });

  test('whose evidence the hub does not have', async () => {
    const result = await resultOf(await place({}, FILES), { 'a.txt': 'two\n' });
    const [kept] = result.input.result?.evidence ?? [];
    if (!kept) throw new Error('no evidence');
    const invented = [{ ...kept, command: 'npm run lint' }];
    expect(await integrate(result, { result: claim(result, { evidence: invented }) })).toMatchObject({
      kind: 'untrue',
      reason: expect.stringContaining('npm run lint'),
    });
    expect(await integrate(result, { result: claim(result, { checks: ['npm run lint'] }) })).toMatchObject({
      kind: 'untrue',
      reason: expect.stringContaining('not green'),
    });
    const red = await keep(result.at, result.head, 'npm test', false);
    expect(red).toMatchObject([{ green: false }]);
    for (const log of [red[0]?.log ?? result.head, result.head])
      expect(await integrate(result, { result: claim(result, { evidence: [{ ...kept, log }] }) })).toMatchObject({
        kind: 'untrue',
      });
    expect(await integrate(result, { result: claim(result, { evidence: red }) })).toMatchObject({ kind: 'untrue' });
  });

  test('that says less of what was spent than the chain shows: the chain counts', async () => {
    const result = await resultOf(await place({}, FILES), { 'a.txt': 'two\n' });
    const spends = [
      { ...SPENT, inputTokens: 0 },
      { ...SPENT, acts: Number.NaN },
      { ...SPENT, modelCalls: 'many' as unknown as number },
    ];
    for (const spend of spends)
      expect(await integrate(result, { result: claim(result, { spend }) })).toMatchObject({
        kind: 'merged',
        took: SPENT,
      });
  });
});

describe('under required signatures, what a report says that people allowed', () => {
  const CHANGE = { 'deploy/prod.yaml': 'replicas: 0\n' };
  const ALL = { paths: ['a.txt'], barred: [], allowed: ['**'], effects: { rules: [], kept: [] } } as unknown;
  const keeps = ALL as NonNullable<IntegrateInput['keeps']>;

  function permit({ at, head }: Result, who: string, leaveOut?: string[]): Permit {
    const asked: Asked = { head, outside: ['deploy/prod.yaml'] };
    const leftOut = leaveOut ? { leaveOut } : {};
    const digest = digestValue(asked);
    const about = { id: 'a/scope@1', kind: 'scope' as const, digest, repository: at.target };
    const approvals = [signedBy(who, about, { workflow: AGENT, ...leftOut })];
    return {
      workflow: AGENT,
      asked,
      ...leftOut,
      decision: { id: about.id, kind: about.kind, digest, openedAt: OPENED, approvals },
    };
  }

  async function changed(): Promise<Result> {
    const result = await resultOf(await place({ ...SIGNED(), ...PROTECTED }, FILES), CHANGE);
    return { ...result, input: { ...result.input, keeps } };
  }

  test('does not count: a protected path is asked about before it is integrated', async () => {
    const result = await changed();
    expect(await integrate(result)).toMatchObject({ kind: 'outside', paths: ['deploy/prod.yaml'] });
    expect(await integrate(result, { permits: [permit(result, 'mallory')] })).toMatchObject({ kind: 'outside' });
    const forged = permit(result, 'ann');
    const wider = { ...forged, asked: { head: result.head, outside: ['**'] } };
    expect(await integrate(result, { permits: [wider] })).toMatchObject({ kind: 'outside' });
    const moved = { ...forged, workflow: `${execution.workflowId}/b.1` };
    expect(await integrate(result, { permits: [moved] })).toMatchObject({ kind: 'outside' });
  });

  test('counts where an approver has signed exactly that', async () => {
    const result = await changed();
    expect(await integrate(result, { permits: [permit(result, 'ann')] })).toMatchObject({ kind: 'merged' });
  });

  test('counts without what its approver left out only, whatever the report says of that', async () => {
    const result = await changed();
    const { leaveOut: _, ...silent } = permit(result, 'ann', ['deploy/**']);
    for (const told of [{}, { leaveOut: ['other/**'] }, { leaveOut: [] }])
      expect(await integrate(result, { permits: [{ ...silent, ...told }] })).toMatchObject({ kind: 'outside' });
    const added = { ...permit(result, 'ann'), leaveOut: ['other/**'] };
    expect(await integrate(result, { permits: [added] })).toMatchObject({ kind: 'outside' });
    expect(await integrate(result, { permits: [permit(result, 'ann', ['deploy/**'])] })).toMatchObject({
      kind: 'outside',
    });
    expect(await integrate(result, { permits: [permit(result, 'ann', ['other/**'])] })).toMatchObject({
      kind: 'merged',
    });
  });
});

describe('what people left out of a result where it is integrated', () => {
  const OWN = execution.workflowId;
  const keeps: NonNullable<IntegrateInput['keeps']> = { paths: ['a.txt'], barred: [], allowed: ['b.txt'] };

  function permit({ at, head }: Result, leaveOut: string[], asked: Partial<Asked> = {}): Permit {
    const about: Asked = { head, paths: ['b.txt', 'deploy/prod.yaml'], ...asked };
    const digest = digestValue(about);
    const subject = { id: 'a/integration@1', kind: 'scope' as const, digest, repository: at.target };
    const approvals = [signedBy('ann', subject, { workflow: OWN, leaveOut })];
    const decision = { id: subject.id, kind: subject.kind, digest, openedAt: OPENED, approvals };
    return { workflow: OWN, asked: about, leaveOut, decision };
  }

  async function beyond(policy: Parameters<typeof place>[0]): Promise<Result> {
    const change = { 'a.txt': 'two\n', 'b.txt': 'new\n', 'deploy/prod.yaml': 'replicas: 0\n' };
    const result = await resultOf(await place(policy, FILES), change);
    return { ...result, input: { ...result.input, keeps } };
  }

  /** What the line shows that was integrated: which files changed, and the bytes of one that was left out. */
  async function linedUp({ at }: Result, outcome: IntegrateOutcome): Promise<{ names: string; left: string }> {
    if (outcome.kind !== 'merged') throw new Error(`not merged: ${JSON.stringify(outcome)}`);
    const names = git(at.store.dir, ['diff', '--name-only', at.base, outcome.line]).trim();
    return { names, left: git(at.store.dir, ['show', `${outcome.line}:deploy/prod.yaml`]) };
  }

  test('is as the task found it, and all else is integrated', async () => {
    for (const policy of [{}, SIGNED()]) {
      const result = await beyond(policy);
      const outcome = await integrate(result, { permits: [permit(result, ['deploy/**'])] });
      expect(outcome).toMatchObject({ kind: 'merged', changed: 2 });
      expect(await linedUp(result, outcome)).toEqual({ names: 'a.txt\nb.txt', left: 'replicas: 2' });
    }
  });

  test('is what its approvers signed: other paths, or a permit of another result, leave nothing out', async () => {
    const result = await beyond(SIGNED());
    const { leaveOut: _, ...whole } = permit(result, ['deploy/**']);
    const other = permit(result, ['deploy/**'], { head: result.at.base });
    const elsewhere = { ...permit(result, ['deploy/**']), workflow: AGENT };
    for (const one of [whole, { ...whole, leaveOut: ['b.txt'] }, other, elsewhere])
      expect(await integrate(result, { permits: [one] })).toMatchObject({
        kind: 'outside',
        paths: expect.arrayContaining(['deploy/prod.yaml']),
      });
    expect(await integrate(result, { permits: [permit(result, ['b.txt'])] })).toMatchObject({
      kind: 'merged',
      changed: 2,
    });
  });

  test('can be all of it: then the task has changed nothing', async () => {
    const result = await beyond(SIGNED());
    const permits = [permit(result, ['**'])];
    expect(await integrate(result, { permits })).toMatchObject({ kind: 'unchanged' });
  });
});
