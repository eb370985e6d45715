/** Calls of models that were trained on other tools: taken where they are plain, else answered with the fields. */
import { describe, expect, test } from 'vitest';
import { advanceAgent } from '../../../src/core/agent/advance.ts';
import { createAgent, nextAgentCommand } from '../../../src/core/agent/next.ts';
import { checkToolCall } from '../../../src/core/agent/tools.ts';
import { propose } from '../../../src/activities/attempt/propose.ts';
import { sha, specOf, thought } from '../builders.ts';

const check = (tool: string, value: unknown): unknown =>
  checkToolCall('work', tool, typeof value === 'string' ? value : JSON.stringify(value));
const runs = (command: string, more: object = {}): object => ({
  kind: 'ok',
  tool: 'shell',
  arguments: { command, ...more },
});
const PATCH = '*** Begin Patch\n*** Add File: a\n+x\n*** End Patch';
const patches = { kind: 'ok', tool: 'apply_patch', arguments: { patch: PATCH } };

describe('a habit whose meaning is plain is taken:', () => {
  test.each<[string, string, unknown, object]>([
    ['a command as a list', 'shell', { command: ['git', 'log', '--format=%h %s'] }, runs("git log '--format=%h %s'")],
    ['a script for bash', 'shell', { command: ['bash', '-lc', "echo 'a b'"] }, runs("bash -lc 'echo '\\''a b'\\'''")],
    ['a script for sh', 'shell', { command: ['sh', '-c', 'ls | wc'] }, runs('ls | wc')],
    ['a list of one line', 'shell', { command: ['ls -la'] }, runs('ls -la')],
    ['cmd', 'exec_command', { cmd: 'ls', yield_time_ms: 1000, max_output_tokens: 10 }, runs('ls')],
    ['the workspace as folder', 'shell', { command: 'ls', workdir: '/workspace/' }, runs('ls')],
    ['a folder', 'shell', { command: 'ls', workdir: '/workspace/src' }, runs('cd src && ls')],
    ['a folder for a longer line', 'shell', { command: 'a; b', cwd: 'my src' }, runs("cd 'my src' && {\na; b\n}")],
    ['milliseconds', 'shell', { command: 'ls', timeout_ms: 1500 }, runs('ls', { timeoutSeconds: 2 })],
    ['a timeout beyond ours', 'shell', { command: 'ls', timeout_ms: 9e9 }, runs('ls', { timeoutSeconds: 3600 })],
    ['a timeout in milliseconds', 'shell', { command: 'ls', timeout: 120_000 }, runs('ls', { timeoutSeconds: 120 })],
    ['a timeout in seconds', 'shell', { command: 'ls', timeout: 120 }, runs('ls', { timeoutSeconds: 120 })],
    ['a namespace', 'functions.shell', { command: 'ls' }, runs('ls')],
    ['another name', 'shell_command', { command: 'ls', description: 'List', justification: 'to see' }, runs('ls')],
    ['a bare text', 'shell', 'ls -la', runs('ls -la')],
    ['arguments encoded twice', 'shell', JSON.stringify('{"command":"ls"}'), runs('ls')],
    ['a patch as input', 'apply_patch', { input: PATCH }, patches],
    ['a bare patch', 'apply_patch', PATCH, patches],
    ['a patch for a program', 'shell', { command: ['apply_patch', PATCH] }, patches],
    ['a patch in a here-document', 'shell', { command: `apply_patch <<'EOF'\n${PATCH}\nEOF\n` }, patches],
    ['the same for bash', 'shell', { command: ['bash', '-lc', `apply_patch <<EOF\n${PATCH}\nEOF`] }, patches],
  ])('%s', (_, tool, value, expected) => {
    expect(check(tool, value)).toEqual(expected);
  });

  test('and what is written as we describe it stays as it is', () => {
    const odd = 'cd a && { apply_patch; } # <<EOF';
    expect(check('shell', { command: odd, timeoutSeconds: 5 })).toEqual(runs(odd, { timeoutSeconds: 5 }));
  });
});

describe('other calls are answered with the fields that exist:', () => {
  test.each<[string, string, unknown, RegExp]>([
    [
      'an unknown tool',
      'read_file',
      { path: 'a' },
      /no tool "read_file": the tools are shell \{command, timeoutSeconds\?\}, apply_patch \{patch\}, ask \{question\}, finish \{summary\}/,
    ],
    [
      'an unknown field',
      'shell',
      { command: 'ls', run_in_background: true },
      /run_in_background[^]*it takes \{command, timeoutSeconds\?\}/,
    ],
    ['no command', 'shell', {}, /it takes \{command, timeoutSeconds\?\}/],
    ['half a call', 'shell', '{"command":"rm -rf', /not valid JSON: it takes \{command, timeoutSeconds\?\}/],
    ['a list with something else in it', 'shell', { command: ['ls', 3] }, /do not fit/],
    ['a folder that is no text', 'shell', { command: 'ls', workdir: 3 }, /workdir/],
    ['no summary', 'finish', { message: 'done' }, /it takes \{summary\}/],
  ])('%s', (_, tool, value, problem) => {
    expect(check(tool, value)).toEqual({ kind: 'bad', problem: expect.stringMatching(problem) as string });
  });
});

test('a note that a model takes for itself is answered, and never makes the agent hold', () => {
  const call = { kind: 'call', callId: 'c1', tool: 'update_plan', arguments: '{"plan":[]}' } as const;
  let state = advanceAgent(createAgent('r/lib.1', specOf()), { kind: 'began', at: 1, head: sha('begin') });
  for (let round = 0; round < 5; round += 1) state = advanceAgent(state, thought(state, 2, propose('work', call)));
  expect(nextAgentCommand(state)).toMatchObject({
    kind: 'think',
    input: {
      key: 'think/6',
      nudges: [],
      results: [{ output: expect.stringMatching(/^Noted; update_plan.*shell \{/) }],
    },
  });
});

test('what a person is shown and asked about is what runs', () => {
  const values = { command: ['rm', '-rf', 'a b'], workdir: 'src' };
  const call = { kind: 'call', callId: 'c1', tool: 'functions.shell', arguments: JSON.stringify(values) } as const;
  expect(propose('work', call)).toMatchObject({ tool: 'shell', summary: "cd src && rm -rf 'a b'" });
});
