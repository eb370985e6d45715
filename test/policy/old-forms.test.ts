/** What people wrote for version 0.1.0 is still read: a policy file, the input of a start, and each message. */
import { describe, expect, test } from 'vitest';
import type { Verb } from '../../src/core/decisions/messages.ts';
import { MESSAGE_SCHEMAS, readMessage, readStart } from '../../src/core/decisions/messages.ts';
import { readPolicyFile } from '../../src/policy/read-policy-file.ts';

const POLICY = `
version: 1
limits:
  gates: { plan: ask, delivery: ask, commands: ask, scope: deny }
  network: { setup: { hosts: [registry.example.com], private: ['nexus.corp:8081'] } }
  protectedPaths: [.github/**, deploy/**]
  artefacts: [/reports/, '*.snap.new']
  budget: { tokens: 20000000, usd: 40, minutes: 240 }
  sharedBudgets: [{ account: platform-team, per: month, usd: 900 }]
  task: { maxFiles: 60, maxLines: 4000 }
  effects: { secret: deny, new-dependency: ask }
  review: { model: gpt-5-mini, actions: 0.1 }
  rules:
    commands:
      - id: no-migrations
        effect: ask
        programs: [npm, npx]
        subcommands: [run migrate, prisma migrate]
        reason: migrations are for people
        match: [npm run migrate]
        notMatch: [npm test]
  decisions:
    signatures: required
    selfApproval: deny
    quorum: { plan: 2, delivery: 2, scope: 1, call: 1, budget: 1, baseline: 1, checks: 1 }
    silence: { plan: { after: 86400, means: escalate, to: [ann] }, scope: { after: 7200, means: deny } }
    approvers:
      - name: ann
        publicKey: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g
        may: [plan, delivery, scope]
      - name: bob
        publicKey: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8h
        may: [plan, delivery, scope, budget, call]
defaults:
  maxParallelAgents: 2
  lfs: content
`;

/** Messages that 0.1.0 did not have. */
const LATER = ['withdraw', 'edit'] as const satisfies readonly Verb[];

const MESSAGES: Record<Exclude<Verb, 'revisePlan' | (typeof LATER)[number]>, unknown[]> = {
  steer: ['skip examples/**', { text: 'skip examples/**', to: 'lib', interrupt: true, id: 'm-1', by: 'ann' }],
  pause: [undefined, { reason: 'lunch', by: 'ann' }],
  resume: [undefined, { reason: 'back', by: 'ann', from: 'a'.repeat(40), branch: 'tidy' }],
  stop: [undefined, 'enough', { reason: 'enough', by: 'ann' }],
  approve: ['plan@1', { decision: 'plan@1', by: 'ann', note: 'fine', digest: 'b'.repeat(64), leaveOut: ['vendor/**'] }],
  reject: ['plan@1', { decision: 'plan@1', note: 'smaller tasks', by: 'ann' }],
  answer: ['keep it', { question: 'lib/question@1', text: 'keep it', by: 'ann' }],
  rewind: [
    { task: 'lib', to: 3, by: 'ann' },
    { task: 'lib', to: 'c'.repeat(40) },
  ],
  fork: [undefined, { task: 'lib', to: 2, text: 'try a map', by: 'ann' }],
  choose: ['lib.2', { agent: 'lib.2', by: 'ann' }],
  adoptPolicy: [undefined, { by: 'ann' }],
};

describe('version 0.1.0 is still read', () => {
  test('a policy file, with the one row for all that an agent changed outside of its task', () => {
    const read = readPolicyFile('policy.yaml', POLICY, { layer: 'organisation' });
    expect(read.kind === 'bad' ? read.problems : []).toEqual([]);
  });

  test('the input of a start', () => {
    const input = {
      repository: '/srv/git/app',
      goal: 'replace `var $A = require($B)` with `const $A = require($B)` in javascript',
      checks: ['node --test'],
      base: 'main',
      branch: 'tidy',
      setup: 'npm ci',
      team: 'core',
      campaign: 'autumn',
      requestedBy: 'ann',
      policy: { gates: { plan: 'allow', scope: 'ask' }, maxParallelAgents: 1 },
    };
    expect(readStart([input])).toMatchObject({ kind: 'ok', input: { goal: input.goal, policy: input.policy } });
  });

  test.each(Object.entries(MESSAGES))('every form of %s', (verb, inputs) => {
    const read = inputs.map((input) => readMessage(verb as Verb, input === undefined ? [] : [input]));
    expect(read.flatMap((message) => (message.kind === 'bad' ? [message.problem] : []))).toEqual([]);
  });

  test('a revised plan', () => {
    const task = { id: 'lib', title: 'Tidy lib', instructions: 'Tidy it.', paths: ['lib/**'], checks: ['npm test'] };
    const plan = { summary: 'one task', tasks: [{ ...task, dependsOn: [], maxSteps: 10, maxTokens: 100_000 }] };
    expect(readMessage('revisePlan', [{ version: 1, plan, by: 'ann' }])).toMatchObject({ kind: 'ok' });
  });

  test('and no message is left out here', () => {
    expect([...Object.keys(MESSAGES), ...LATER, 'revisePlan'].toSorted()).toEqual(
      Object.keys(MESSAGE_SCHEMAS).toSorted(),
    );
  });
});
