/** Half a character never leaves us: texts are cut between characters, and what is stored cut is mended when it is sent. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { renderForSummary, splitConversation } from '../../src/core/agent/compaction.ts';
import { renderCallReviewRequest } from '../../src/core/review/review.ts';
import { clipText, ends, shorten, clipEnd } from '../../src/core/text/lines.ts';
import type { Item } from '../../src/core/transcript.ts';
import { formatCheckpointMessage, parseCheckpointMessage, readConversation } from '../../src/core/transcript.ts';
import { openModel } from '../../src/model/call-model.ts';
import { CALL, failureOf, request, serve, serveRaw, settings } from './scripted-model.ts';

const HALF = '🎉'.slice(0, 1);

test('a conversation that was stored with half a character is sent whole, and a strict server takes it', async () => {
  const server = await serve(() => ({ items: [CALL] }));
  const items: Item[] = [
    { kind: 'user', text: `a${HALF}` },
    { kind: 'assistant', text: `b${HALF}` },
    { kind: 'call', callId: 'c', tool: 'shell', arguments: `{"command":"c${HALF}"}` },
    { kind: 'result', callId: 'c', output: `d${HALF}` },
  ];
  const entry = { v: 1, kind: 'start', key: 'start', instructions: '', profile: 'work', items } as const;
  const stored = parseCheckpointMessage(formatCheckpointMessage('start', { ...entry, items: [...items] }));
  expect(stored?.items[3]).toEqual({ kind: 'result', callId: 'c', output: `d${HALF}` });
  const read = readConversation(stored ? [stored] : []);
  const answer = await openModel(settings(server)).call(request(read, { instructions: `e${HALF}` }));
  expect(answer.items).toEqual([CALL]);
  const sent = server.requests[0];
  expect(sent?.instructions).toBe('e\ufffd');
  expect(sent?.items).toEqual([
    { kind: 'user', text: 'a\ufffd' },
    { kind: 'assistant', text: 'b\ufffd' },
    { kind: 'call', callId: 'c', tool: 'shell', arguments: '{"command":"c\ufffd"}' },
    { kind: 'result', callId: 'c', output: 'd\ufffd' },
  ]);
});

test('every text that is cut is cut between characters', () => {
  const emoji = fc.stringMatching(/^[a🎉é]{1,60}$/u);
  fc.assert(
    fc.property(emoji, fc.integer({ min: 2, max: 40 }), (text, most) => {
      expect([clipText(text, most), shorten(text, most), clipEnd(text, most), ends(text, most)].join('')).toSatisfy(
        (joined: string) => joined.isWellFormed(),
      );
      expect(clipEnd(text, most).length).toBeLessThanOrEqual(most);
    }),
  );
  const long = `x${'🎉'.repeat(9000)}`;
  for (const shift of ['', 'y']) {
    const output = `${shift}${long}`;
    const turn: Item[] = [CALL, { kind: 'result', callId: CALL.callId, output }];
    const prompt: Item = { kind: 'user', text: output };
    const summary = renderForSummary([prompt, ...turn], 3001);
    const split = splitConversation([prompt], [prompt, ...turn, ...turn], 2001);
    const review = renderCallReviewRequest(
      { task: { id: 't', title: output, instructions: '', paths: [] }, said: null },
      output,
      [output],
    );
    for (const text of [summary, review, ...(split?.recent ?? []).map((item) => ('output' in item ? item.output : ''))])
      expect(text.isWellFormed()).toBe(true);
  }
});

test('a failure shows what a server said up to a whole character', async () => {
  for (const shift of ['', 'y']) {
    const server = await serveRaw((outgoing) => outgoing.writeHead(400).end(`${shift}${'🎉'.repeat(900)}`));
    expect((await failureOf(openModel(settings(server)).call(request()))).message.isWellFormed()).toBe(true);
  }
});
