import { describe, expect, test } from 'vitest';
import { digestText, digestValue } from '../../src/core/digest.ts';
import { escapeForPeople } from '../../src/core/text/escape.ts';
import { readMessage, readStart } from '../../src/core/decisions/messages.ts';
import { canOverlap, isInPaths, summarisePaths } from '../../src/core/paths.ts';
import { tightenForIsolation } from '../../src/core/policy/isolation.ts';
import { resolvePolicy } from '../../src/core/policy/resolve.ts';
import { closeOpenCalls } from '../../src/core/agent/prompts.ts';
import { checkToolCall } from '../../src/core/agent/tools.ts';
import { formatCheckpointMessage, parseCheckpointMessage } from '../../src/core/transcript.ts';
import { policyOf } from './builders.ts';

describe('messages', () => {
  test('a bare string stands for the field that matters', () => {
    expect(readMessage('steer', ['hello'])).toEqual({ kind: 'ok', message: { verb: 'steer', text: 'hello' } });
    expect(readMessage('approve', ['plan@1'])).toEqual({
      kind: 'ok',
      message: { verb: 'approve', decision: 'plan@1' },
    });
    expect(readMessage('rewind', ['3'])).toEqual({ kind: 'ok', message: { verb: 'rewind', to: '3' } });
    const many = Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`key-${index}`, 1]));
    for (const read of [readMessage('steer', [{ text: 'a', ...many }]), readStart([many])]) {
      expect(read).toMatchObject({ kind: 'bad', problem: expect.stringContaining('key-0') });
      // A receipt or failure quotes what was sent, and its size is limited.
      expect(JSON.stringify(read).length).toBeLessThan(12_000);
    }
    expect(readMessage('pause', [])).toEqual({ kind: 'ok', message: { verb: 'pause' } });
    expect(readMessage('pause', [null])).toEqual({ kind: 'ok', message: { verb: 'pause' } });
  });

  test.each([
    ['an unknown field', { repository: 'x', goal: 'y', colour: 1 }, 'colour'],
    ['an empty goal', { repository: 'x', goal: '  ' }, 'goal: say what should be done'],
    ['no repository', { goal: 'y' }, 'repository'],
    ['a password in the URL', { repository: 'https://me:secret@host/x.git', goal: 'y' }, 'has a password in it'],
    ['a wrong type', { repository: 'x', goal: 'y', checks: 'npm test' }, 'checks'],
    ['nothing', undefined, 'input of refactor'],
    ['a string', 'do it', 'input of refactor'],
  ])('a start with %s is refused with the field named', (_name, input, words) => {
    expect(readStart([input])).toMatchObject({ kind: 'bad', problem: expect.stringContaining(words) });
  });

  test('a goal with shell metacharacters is only text', () => {
    const goal = 'replace `$(rm -rf /)` with `"; exit 1 #`';
    expect(readStart([{ repository: 'x', goal }])).toMatchObject({ kind: 'ok', input: { goal } });
  });
});

describe('policy', () => {
  test('a run may tighten a gate, and each field says where it came from', () => {
    expect(policyOf({ gates: { commands: 'ask' } }).gates).toEqual({
      plan: { value: 'ask', from: 'built-in' },
      delivery: { value: 'ask', from: 'built-in' },
      commands: { value: 'ask', from: 'run' },
      scope: { value: 'ask', from: 'built-in' },
    });
  });

  test('a run that loosens a gate is refused', () => {
    expect(resolvePolicy({ gates: { plan: 'allow' } })).toMatchObject({
      kind: 'bad',
      problems: ['policy.gates.plan: "allow" is looser than the limit "ask" of the built-in layer'],
    });
  });

  test('without isolation every command asks', () => {
    expect(tightenForIsolation(policyOf(), 'none').gates.commands).toEqual({ value: 'ask', from: 'isolation none' });
    expect(tightenForIsolation(policyOf(), 'bwrap')).toEqual(policyOf());
  });
});

describe('paths', () => {
  test.each([
    ['src/a.js', ['src/**'], true],
    ['src/.eslintrc', ['src/**'], true],
    ['src/a.js', ['src'], true],
    ['src/a.js', ['src/'], true],
    ['srcx/a.js', ['src'], false],
    ['app/[id].tsx', ['app/[id].tsx'], true],
    ['a.js', ['*.js'], true],
    ['lib/a.js', ['*.js'], false],
    ['x', ['**'], true],
  ])('%s in %j: %s', (path, patterns, expected) => {
    expect(isInPaths(path, patterns)).toBe(expected);
  });

  test.each([
    [['src/**'], ['lib/**'], false],
    [['src/**'], ['src/a/b.js'], true],
    [['**'], ['x'], true],
    [['a.js'], ['b.js'], false],
    [['src/*.js'], ['src/*.ts'], true],
    [['index.js', 'lib/**'], ['test/**', 'bin'], false],
    [['packages/@a/**'], ['packages/@b/**'], false],
    [['@(a|b)/**'], ['a/x.js'], true],
  ])('%j and %j can meet: %s', (one, other, expected) => {
    expect(canOverlap(one, other)).toBe(expected);
    expect(canOverlap(other, one)).toBe(expected);
  });

  test('many paths become their folders, and never more patterns than asked for', () => {
    expect(summarisePaths(['a/1', 'a/2', 'b'], 5)).toEqual(['a/1', 'a/2', 'b']);
    expect(summarisePaths(['a/1', 'a/2', 'b'], 2)).toEqual(['a/**', 'b']);
    expect(summarisePaths(['a/1', 'b/2', 'c'], 2)).toEqual(['**']);
  });
});

test('tool calls are checked with a sentence that the model can use', () => {
  expect(checkToolCall('work', 'shell', '{"command":"ls"}')).toMatchObject({
    kind: 'ok',
    arguments: { command: 'ls' },
  });
  expect(checkToolCall('work', 'rm', '{}')).toEqual({
    kind: 'bad',
    problem:
      'there is no tool "rm": the tools are shell {command, timeoutSeconds?}, apply_patch {patch}, ask {question}, finish {summary}',
  });
  expect(checkToolCall('work', '__proto__', '{}').kind).toBe('bad');
  expect(checkToolCall('work', 'shell', '{')).toEqual({
    kind: 'bad',
    problem: 'the arguments of shell are not valid JSON: it takes {command, timeoutSeconds?}',
  });
  expect(checkToolCall('plan', 'apply_patch', '{"patch":"x"}').kind).toBe('bad');
});

test("a checkpoint message is read back as it was written, and a person's commit is none", () => {
  const entry = {
    v: 1 as const,
    kind: 'tree' as const,
    key: 'k',
    reason: 'r',
    items: [{ kind: 'user' as const, text: 'a\n\n{"b":1}' }],
  };
  const message = formatCheckpointMessage('1 do\nthis', entry);
  expect(message.split('\n')[0]).toBe('1 do this');
  expect(parseCheckpointMessage(message)).toEqual(entry);
  expect(parseCheckpointMessage('fix\n\n{"not":"ours"}\n')).toBeUndefined();
  expect(parseCheckpointMessage('fix')).toBeUndefined();
});

test('every call of a conversation gets exactly one result', () => {
  const call = (callId: string) => ({ kind: 'call' as const, callId, tool: 'shell', arguments: '{}' });
  const items = [call('a'), { kind: 'result' as const, callId: 'a', output: 'x' }, call('b'), call('c')];
  expect(
    closeOpenCalls(items, [
      { callId: 'b', output: 'denied' },
      { callId: 'a', output: 'late' },
    ]),
  ).toEqual([
    { kind: 'result', callId: 'b', output: 'denied' },
    { kind: 'result', callId: 'c', output: 'This call was not run: the work was taken back to before it.' },
  ]);
});

test('digests do not depend on the order of keys or on undefined fields', () => {
  expect(digestValue({ b: [1, { d: 1, c: 2 }], a: undefined })).toBe(digestValue({ b: [1, { c: 2, d: 1 }] }));
  expect(digestValue({ a: 1 })).not.toBe(digestValue({ a: 2 }));
  expect(digestText('')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
});

test("a checkpoint's message has nothing hidden in it, and reads as what was said", () => {
  const text = 'a\u{e0041}\u202e\u009b\u200b\0z';
  const entry = { v: 1, kind: 'tree', key: 'k', reason: text, items: [{ kind: 'user', text }] } as const;
  const message = formatCheckpointMessage(`1 ${text}`, { ...entry, items: [...entry.items] });
  expect(escapeForPeople(message)).toBe(message);
  expect(parseCheckpointMessage(message)).toEqual(entry);
});

test.each([
  ['a NUL', 'echo \0', 'has a NUL'],
  ['more bytes than a program can be started with', '€'.repeat(45_000), 'is too long'],
])('a command with %s is told to the model as a problem', (_name, command, words) => {
  const check = checkToolCall('work', 'shell', JSON.stringify({ command }));
  expect(check).toMatchObject({ kind: 'bad', problem: expect.stringContaining(words) });
});

test('nothing shown to people can move the cursor, hide or reorder text', () => {
  expect(escapeForPeople('a\u001b[31mb\u202ec\u200bd\re\tf\ng')).toBe('a\\u{1b}[31mb\\u{202e}c\\u{200b}d\\u{d}e\tf\ng');
  // Tag characters spell invisible words; half of a surrogate pair is no character.
  expect(escapeForPeople('a\u{e0041}b\ud800c\u3164')).toBe('a\\u{e0041}b\\u{d800}c\\u{3164}');
  expect(escapeForPeople('naïve 日本語 👩‍🚀'.replace('\u200d', ''))).toBe('naïve 日本語 👩🚀');
});
