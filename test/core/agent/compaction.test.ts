import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  compactedItems,
  estimateTokens,
  renderForSummary,
  splitConversation,
  SUMMARY_MARK,
} from '../../../src/core/agent/compaction.ts';
import type { Entry, Item } from '../../../src/core/transcript.ts';
import { readConversation } from '../../../src/core/transcript.ts';

const PROMPT: Item = { kind: 'user', text: 'Goal: do it' };
const user = (text: string): Item => ({ kind: 'user', text });
const call = (callId: string): Item => ({ kind: 'call', callId, tool: 'shell', arguments: '{"command":"ls"}' });
const result = (callId: string, output = 'exit status 0'): Item => ({ kind: 'result', callId, output });
const thought: Item = { kind: 'opaque', provider: 'p', model: 'm', data: {} };
const turn = (callId: string, output?: string): Item[] => [thought, call(callId), result(callId, output)];

/** A conversation in one line: the first letters of its items' kinds; calls and results with their ids. */
const draw = (items: readonly Item[]): string =>
  items.map((item) => ('callId' in item ? `${item.kind[0]}${item.callId}` : item.kind[0])).join(' ');

describe('a conversation is cut into what stays, what is summarised, and what is recent', () => {
  test('the newest turns that fit are recent, each whole with its results', () => {
    const items = [PROMPT, ...turn('1'), ...turn('2'), ...turn('3'), ...turn('4')];
    const size = JSON.stringify(turn('4')).length;
    const split = splitConversation([PROMPT], items, 2 * size + 10);
    expect(split && draw(split.old)).toBe('o c1 r1 o c2 r2');
    expect(split && draw(split.recent)).toBe('o c3 r3 o c4 r4');
  });

  test('the last turn stays whatever its size, with a long output cut and said so', () => {
    const items = [PROMPT, ...turn('1'), ...turn('2', 'x'.repeat(10_000)), user('Steer from ann, a supervisor: go')];
    const split = splitConversation([PROMPT], items, 1000);
    expect(split && draw(split.recent)).toBe('o c2 r2 u');
    expect(JSON.stringify(split?.recent).length).toBeLessThan(2000);
    expect(JSON.stringify(split?.recent)).toContain('characters were left out here to save context');
  });

  test('a call that has no result yet stays, since its result is told next', () => {
    const items = [PROMPT, ...turn('1'), ...turn('2'), thought, call('3')];
    expect(draw(splitConversation([PROMPT], items, 10)?.recent ?? [])).toBe('o c3');
  });

  test('with nothing between the prompt and the last turn there is nothing to summarise', () => {
    expect(splitConversation([PROMPT], [PROMPT, ...turn('1')], 10)).toBeUndefined();
    expect(splitConversation([PROMPT], [PROMPT], 10)).toBeUndefined();
  });

  test('what supervisors said is repeated in their own words', () => {
    const steer = user('Steer from ann, a supervisor: never touch db/');
    const items = [PROMPT, ...turn('1'), steer, ...turn('2'), ...turn('3')];
    const split = splitConversation([PROMPT], items, 10);
    const compacted = split ? compactedItems(split, 'Two files were changed.') : [];
    expect(draw(compacted)).toBe('u u u o c3 r3');
    expect(compacted[1]).toMatchObject({ text: expect.stringContaining(SUMMARY_MARK) });
    expect(compacted[1]).toMatchObject({ text: expect.stringContaining('Two files were changed.') });
    expect(compacted[2]).toEqual(steer);
  });

  test('whatever the conversation: calls and results stay paired, and nothing is lost', () => {
    const some = fc.record({ count: fc.integer({ min: 2, max: 30 }), output: fc.integer({ min: 0, max: 3000 }) });
    fc.assert(
      fc.property(some, fc.integer({ min: 1, max: 20_000 }), ({ count, output }, budget) => {
        const items: Item[] = [PROMPT];
        for (let at = 0; at < count; at += 1) items.push(...turn(String(at), 'y'.repeat(output)));
        const split = splitConversation([PROMPT], items, budget);
        if (!split) throw new Error('there was enough to summarise');
        const compacted = compactedItems(split, 'short');
        const calls = compacted.flatMap((item) => (item.kind === 'call' ? [item.callId] : []));
        const results = compacted.flatMap((item) => (item.kind === 'result' ? [item.callId] : []));
        expect(results).toEqual(calls);
        expect(compacted[0]).toEqual(PROMPT);
        expect(split.old.length + split.recent.length + split.kept.length).toBe(items.length);
      }),
    );
  });
});

test('what is given to be summarised fits its bytes, long outputs first to be cut, and says what was cut', () => {
  const items = [
    ...turn('1', 'z'.repeat(100_000)),
    ...turn('2', 'short output'),
    user('Steer from ann, a supervisor: x'),
  ];
  const text = renderForSummary(items, 8000);
  expect(text.length).toBeLessThanOrEqual(8000);
  expect(text).toContain('short output');
  expect(text).toContain('shell {"command":"ls"}');
  expect(text).toContain('characters were left out');
  const many = Array.from({ length: 500 }, (_, index) => turn(String(index), 'some output')).flat();
  const cut = renderForSummary(many, 3000);
  expect(cut.length).toBeLessThanOrEqual(3000);
  expect(cut).toMatch(/^\d+ earlier items were left out/);
});

const USAGE = { inputTokens: 1000, cachedTokens: 0, outputTokens: 50, costUsd: null };
const start = { v: 1, kind: 'start', key: 'begin', instructions: 'i', profile: 'work', items: [PROMPT] } as const;
const think = (items: Item[]): Entry => ({
  v: 1,
  kind: 'think',
  key: 'think/1',
  model: 'm',
  usage: USAGE,
  steers: [],
  items,
});
const compact = { v: 1, kind: 'compact', key: 'compact/2', model: 'm', usage: USAGE, replaced: 3 } as const;

test('a compaction replaces all that was before it', () => {
  const entries: Entry[] = [{ ...start, items: [PROMPT] }, think(turn('1')), { ...compact, items: [user('sum')] }];
  expect(readConversation(entries)).toEqual([user('sum')]);
  expect(draw(readConversation([...entries, think([call('2')])]))).toBe('u c2');
  expect(draw(readConversation(entries.slice(0, 2)))).toBe('u o c1 r1');
});

test('the size of the next call is what the provider counted last, and bounds for what came since', () => {
  const fresh = [result('1', 'a'.repeat(3000))];
  const entries: Entry[] = [{ ...start, items: [PROMPT] }, think([call('1')])];
  expect(estimateTokens(entries, fresh)).toBeGreaterThan(1050 + 900);
  expect(estimateTokens(entries, fresh)).toBeLessThan(1050 + 1500);
  // What the provider counted before a compaction says nothing about the conversation after it.
  expect(estimateTokens([...entries, { ...compact, items: [user('sum')] }], [])).toBeLessThan(100);
});
