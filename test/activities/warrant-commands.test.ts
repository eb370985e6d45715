/** A worker does not run what its own reading of policy forbids, although an activity's input asks for it. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { createAct } from '../../src/activities/agent/act.ts';
import type { ActivityContext } from '../../src/activities/attempt/context.ts';
import { createRunChecks } from '../../src/activities/agent/run-checks.ts';
import type { Approval } from '../../src/core/decisions/control.ts';
import { digestText } from '../../src/core/digest.ts';
import type { Policy } from '../../src/core/policy/policy.ts';
import type { ActInput, CheckInput } from '../../src/core/agent/step.ts';
import { formatCheckpointMessage } from '../../src/core/transcript.ts';
import type { Warrant } from '../../src/core/decisions/warrant.ts';
import { commitTree } from '../../src/git/write/commit-tree.ts';
import { moveRef } from '../../src/git/remote/move-ref.ts';
import { refSlug } from '../../src/git/ref-name.ts';
import { treeOf } from '../../src/git/objects/tree-of.ts';
import { git } from '../sandbox/sandbox-host.ts';
import type { Place } from './warrant-place.ts';
import { execution, OPENED, place, refusal, run, SIGNED, signedBy } from './warrant-place.ts';

describe('a setup with a network', () => {
  const setup = { command: 'echo RAN > /tmp/ran; true', network: true } as const;
  const checks = (at: Place, change: Partial<CheckInput> = {}): CheckInput => ({
    repository: at.target,
    base: at.base,
    commit: at.base,
    checks: ['true'],
    setup,
    ...change,
  });
  const counted = ({ context }: Place): { context: ActivityContext; ran: () => number } => {
    let count = 0;
    const { workspaces } = context;
    const prepareSetup: typeof workspaces.prepareSetup = async (request) => {
      count += 1;
      return await workspaces.prepareSetup(request);
    };
    return { context: { ...context, workspaces: { ...workspaces, prepareSetup } }, ran: () => count };
  };

  test('that the organisation forbids never runs, whatever the input says', async () => {
    const at = await place({ network: { setup: false } });
    const { context, ran } = counted(at);
    const warrants: (Warrant | undefined)[] = [
      undefined,
      { team: null, run: null, authors: null },
      { team: null, run: { network: { setup: true } }, authors: null },
    ];
    for (const warrant of warrants) {
      const { type, said } = await refusal(createRunChecks(context), checks(at, warrant ? { warrant } : {}));
      expect({ type, said }).toMatchObject({ type: 'PolicyStricter', said: expect.stringContaining('network.setup') });
    }
    expect(ran()).toBe(0);
  });

  test('that only the run asks for does not run on a worker without that grant', async () => {
    const at = await place({ maxParallelAgents: 2 });
    const { context, ran } = counted(at);
    const warrant = { team: null, run: { network: { setup: true } }, authors: null };
    const { type, said } = await refusal(createRunChecks(context), checks(at, { warrant }));
    expect({ type, said }).toMatchObject({ type: 'PolicyStricter', said: expect.stringContaining('network.setup') });
    expect(ran()).toBe(0);
  });

  test('has no more network than the repository allows', async () => {
    const layer = stringify({ version: 1, limits: { network: { setup: { hosts: ['registry.example.com'] } } } });
    const at = await place({}, { 'a.txt': 'x\n', '.coxswain/policy.yaml': layer });
    const { context, ran } = counted(at);
    expect(await refusal(createRunChecks(context), checks(at))).toMatchObject({ type: 'PolicyStricter' });
    expect(ran()).toBe(0);
  });

  test('runs without a network', async () => {
    const at = await place({ network: { setup: false } });
    const { context, ran } = counted(at);
    const evidence = await run(createRunChecks(context), checks(at, { setup: { ...setup, network: false } }));
    expect(evidence).toMatchObject([{ green: true }]);
    expect(ran()).toBe(1);
  });
});

describe('a call', () => {
  const DENY: Policy = {
    rules: {
      commands: [
        {
          id: 'no-deploy',
          effect: 'deny',
          programs: ['deploy'],
          reason: 'people do',
          match: ['deploy x'],
          notMatch: [],
        },
      ],
    },
  };

  async function input(at: Place, command: string, change: Partial<ActInput> = {}): Promise<ActInput> {
    const call = JSON.stringify({ command });
    const usage = { inputTokens: 0, cachedTokens: 0, outputTokens: 0, costUsd: null };
    const entry = { v: 1 as const, kind: 'think' as const, key: 'think/1', model: 'm', usage, steers: [] };
    const items = [{ kind: 'call' as const, callId: 'call', tool: 'shell', arguments: call }];
    const message = formatCheckpointMessage('think', { ...entry, items });
    const head = await commitTree(at.store, { tree: await treeOf(at.store, at.base), parents: [at.base], message });
    const ref = `refs/coxswain/agents/${refSlug(execution.workflowId)}/${execution.runId}`;
    await moveRef(at.store, { ref, to: head, from: null });
    return {
      repository: at.target,
      base: at.base,
      start: at.base,
      head,
      key: 'act/1',
      profile: 'work',
      callId: 'call',
      digest: digestText(`shell\n${call}`),
      decision: { outcome: 'allow', by: 'policy gates.commands (built-in)', policy: '' },
      paths: ['**'],
      setup: null,
      warrant: { team: null, run: null, authors: null },
      ...change,
    };
  }

  function decided(digest: string, approvals: Approval[]): Warrant {
    const decision = { id: 'a/call@1', kind: 'call' as const, digest, openedAt: OPENED, approvals };
    return { team: null, run: null, authors: null, decision };
  }

  const signedCall = (who: string, at: Place, digest: string): Approval =>
    signedBy(who, { id: 'a/call@1', kind: 'call', digest, repository: at.target });

  test('that the organisation denies does not run, though the input says that it is allowed', async () => {
    const at = await place(DENY);
    for (const warrant of [undefined, { team: null, run: null, authors: null }]) {
      const asked = await input(at, 'deploy prod; echo done > done.txt');
      const { warrant: _, ...bare } = asked;
      const { type, said } = await refusal(createAct(at.context), warrant ? { ...bare, warrant } : bare);
      expect({ type, said }).toMatchObject({ type: 'PolicyStricter', said: expect.stringContaining('no-deploy') });
      rmSync(join(at.store.dir, 'refs/coxswain/agents'), { recursive: true });
    }
  });

  test('runs after another field became stricter, and waits while the policy file is half written', async () => {
    const at = await place({});
    const warrant = { team: null, run: { maxParallelAgents: 4 }, authors: null };
    const asked = await input(at, 'echo new > new.txt', { warrant });
    writeFileSync(join(at.policies, 'organisation.yaml'), 'version: 1\nlimits: {maxPar');
    expect(await refusal(createAct(at.context), asked)).toMatchObject({ type: 'PolicyUnreadable' });
    at.setPolicy({ maxParallelAgents: 2 });
    expect(await run(createAct(at.context), asked)).toMatchObject({ exitCode: 0 });
  });

  test('that the organisation asks about runs only if an approver signed exactly that call', async () => {
    const at = await place({ ...SIGNED(), gates: { commands: 'ask' } });
    const asked = await input(at, 'echo new > new.txt');
    const claim = { by: 'ann', principal: 'ann', at: Date.now(), bound: true, signed: true };
    const other = digestText('another call');
    const warrants = [
      decided(asked.digest, []),
      decided(asked.digest, [claim]),
      decided(asked.digest, [signedCall('mallory', at, asked.digest)]),
      decided(asked.digest, [signedCall('ann', at, other)]),
      decided(other, [signedCall('ann', at, other)]),
    ];
    for (const warrant of warrants)
      expect(await refusal(createAct(at.context), { ...asked, warrant })).toMatchObject({ type: 'NoWarrant' });
    const { warrant: _, ...bare } = asked;
    expect(await refusal(createAct(at.context), bare)).toMatchObject({ type: 'NoWarrant' });
    const warrant = decided(asked.digest, [signedCall('ann', at, asked.digest)]);
    const outcome = await run(createAct(at.context), { ...asked, warrant });
    expect(outcome).toMatchObject({ exitCode: 0 });
    expect(git(at.store.dir, ['show', `${outcome.head}:new.txt`])).toBe('new');
  });

  test('of a run from before 0.2.0 goes on where no signature is required', async () => {
    const at = await place({ gates: { commands: 'ask' } });
    const { warrant: _, ...bare } = await input(at, 'true');
    expect(await run(createAct(at.context), bare)).toMatchObject({ exitCode: 0 });
  });
});
