import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import type { Happened } from './read-history.ts';
import { readHistory } from './read-history.ts';

const folder = fileURLToPath(new URL('./histories/', import.meta.url));
const names = (await readdir(folder)).filter((name) => name.endsWith('.json'));
const histories = await Promise.all(
  names.map(async (name) => ({ name, all: readHistory(await readFile(`${folder}${name}`, 'utf8')) })),
);

type Asked = Extract<Happened, { kind: 'asked' }>;
interface Proposed {
  callId: string;
  digest: string;
  judged?: { outcome: string };
}
interface Began {
  spec?: { policy: { gates: { commands: { value: string } } } };
  state?: { spec: Began['spec'] };
}

/** Each activity of this name that was asked for, with all that had happened before it. */
function listAsked(all: Happened[], activity: string): { asked: Asked; before: Happened[] }[] {
  return all.flatMap((one, index) =>
    one.kind === 'asked' && one.activity === activity ? [{ asked: one, before: all.slice(0, index) }] : [],
  );
}

/** Whether somebody's approval of this decision counted; one that names none is of the only one that was open. */
function isApproved(before: Happened[], decision: RegExp): boolean {
  return before.some(
    (one) =>
      one.kind === 'message' &&
      one.verb === 'approve' &&
      (one.input['decision'] === undefined || decision.test(String(one.input['decision'] ?? one.input['value']))),
  );
}

test.each(histories)('$name: no act without a decision before it, on exactly the call that was proposed', ({ all }) => {
  const [first] = all;
  const began = (first?.kind === 'started' ? first.input : {}) as Began;
  const gate = (began.spec ?? began.state?.spec)?.policy.gates.commands.value;
  for (const { asked, before } of listAsked(all, 'act')) {
    const { callId, digest, decision } = asked.input as unknown as Proposed & {
      decision: { outcome: string; by: string };
    };
    const think = before.findLast((one) => one.kind === 'ended' && one.activity === 'think');
    const proposals = (think?.kind === 'ended' ? think.result['proposals'] : []) as Proposed[];
    const call = proposals.find((one) => one.callId === callId);
    expect(call?.digest).toBe(digest);
    expect(decision.outcome).toBe('allow');
    const decided = /\((?<id>\S+\/call@\d+)\)$/.exec(decision.by)?.groups?.['id'];
    if (decided !== undefined) expect(isApproved(before, new RegExp(`^${decided}$`))).toBe(true);
    else expect([gate, call?.judged?.outcome ?? 'allow']).toEqual(['allow', 'allow']);
  }
});

test.each(histories)('$name: no commit is delivered but the one that was checked and then approved', ({ all }) => {
  for (const { asked, before } of listAsked(all, 'deliver')) {
    const approval = before.findLastIndex(
      (one) => one.kind === 'message' && one.verb === 'approve' && isApproved([one], /^delivery@\d+$/),
    );
    expect(approval).toBeGreaterThan(0);
    const checked = before.slice(0, approval).findLast((one) => one.kind === 'ended' && one.activity === 'runChecks');
    expect(checked?.kind === 'ended' && checked.input['commit']).toBe(asked.input['commit']);
    const since = before.slice(approval).filter((one) => one.kind === 'ended' && one.activity === 'integrateTask');
    expect(since).toEqual([]);
  }
});

test.each(histories)('$name: work beyond its plan is not integrated without a word of a person', ({ all }) => {
  for (const { asked, before } of listAsked(all, 'integrateTask')) {
    const isOutside = (one: Happened): boolean =>
      one.kind === 'ended' && one.result['kind'] === 'outside' && one.input['head'] === asked.input['head'];
    const refused = before.findLastIndex(isOutside);
    if (refused >= 0) expect(isApproved(before.slice(refused), /\/integration@\d+$/)).toBe(true);
  }
});

test('the recorded histories show each of these', () => {
  const asked = (activity: string): number => histories.flatMap(({ all }) => listAsked(all, activity)).length;
  expect(asked('act')).toBeGreaterThan(5);
  expect(asked('deliver')).toBeGreaterThan(2);
  const all = histories.flatMap((one) => one.all);
  expect(all.some((one) => one.kind === 'ended' && one.result['kind'] === 'outside')).toBe(true);
  const byPeople = all.filter(
    (one) => one.kind === 'asked' && /\/call@\d+\)/.test(JSON.stringify(one.input['decision'])),
  );
  expect(byPeople.length).toBeGreaterThan(0);
});

test('no stack trace names a folder outside of the project', async () => {
  const texts = await Promise.all(names.map(async (name) => await readFile(`${folder}${name}`, 'utf8')));
  const traces = texts.flatMap((text) => text.match(/"stackTrace": "(?:[^"\\]|\\.)*"/g) ?? []);
  expect(traces.length).toBeGreaterThan(0);
  expect(traces.filter((trace) => /[\s(]\//.test(trace))).toEqual([]);
});
