/** What a prompt makes of what people type. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { execa } from 'execa';
import { expect, onTestFinished, test, vi } from 'vitest';
import { updates } from '../../../src/workflows/messages.ts';
import type { Reply } from '../../../src/cli/person/ask-person.ts';
import { askBy } from '../../../src/cli/person/ask-person.ts';
import { answersOfRefactor } from '../../../src/core/decisions/answers.ts';
import type { DecisionKind } from '../../../src/core/policy/decision-kinds.ts';
import type { NeedView } from '../../../src/core/views/status.ts';

function needOf(kind: DecisionKind, id: string): NeedView {
  const does = answersOfRefactor({ id, kind }, { rejectsForChanges: true, leavesOut: true });
  const need = { id, kind, about: 'about', digest: 'd', openedAt: 1, risk: 'high', signatures: 'optional' } as const;
  return does ? { ...need, does } : need;
}

/** Asks, with these lines typed one after the other; gives the reply, what was shown, and the lines left. */
async function type(
  need: NeedView,
  lines: string[],
  rivals: string[] = [],
): Promise<{ reply: Reply | undefined; shown: string; left: string[] }> {
  const left = [...lines];
  let shown = '';
  const reply = await askBy((text) => {
    shown += text;
    return Promise.resolve(left.shift());
  })(need, rivals);
  return { reply, shown, left };
}

test.each(['ok, approve', 'ok', 'approve', 'lgtm!', 'yes please', 'nope', 'no, wait', 'yn', ''])(
  '"%s" decides nothing: it is asked again',
  async (words) => {
    const { reply, shown, left } = await type(needOf('delivery', 'delivery@1'), [words, 'y']);
    expect(left).toEqual([]);
    expect(reply).toEqual({ update: updates.approve });
    expect(shown).toContain(`"${words}" is none of the keys, so nothing was decided.`);
    expect(shown.match(/one key \(y, n, l\)/g)).toHaveLength(2);
  },
);

test('each key is shown with what it does', async () => {
  const { shown } = await type(needOf('delivery', 'delivery@1'), ['l']);
  expect(shown).toBe(
    [
      '  y  yes: the branch is made from exactly this commit',
      '  n  no: an agent changes what your note says; then you are asked again',
      '  l  leave it open: decide later, or let somebody else decide',
      'delivery@1: one key (y, n, l), then Enter: ',
    ].join('\n'),
  );
});

test('no asks what is to be changed, and goes back where nothing is', async () => {
  const first = await type(needOf('delivery', 'delivery@1'), ['n', '', 'l']);
  expect(first).toMatchObject({ reply: undefined, left: [] });
  const second = await type(needOf('plan', 'plan@1'), ['N', ' smaller tasks ']);
  expect(second.reply).toEqual({ update: updates.reject, fields: { note: 'smaller tasks' } });
  const budget = await type(needOf('budget', 'budget@1'), ['n', '']);
  expect(budget.reply).toEqual({ update: updates.reject });
});

test('a part is approved by the files that are left out, where some can be', async () => {
  const need = needOf('integration', 'a/integration@1');
  const { reply, shown, left } = await type(need, ['p', ' ', 'p', ' package.json, log/** ,']);
  expect(reply).toEqual({ update: updates.approve, fields: { leaveOut: ['package.json', 'log/**'] } });
  expect(left).toEqual([]);
  expect(shown).toContain('  p  a part of it: the result is integrated, but the files that you name are as before it');
  expect((await type(needOf('review', 'a/review@1'), ['p', 'l'])).shown).toContain('"p" is none of the keys');
});

test('a choice is made by the number of the agent that is shown beside it', async () => {
  const need = needOf('choice', 'a/choice@1');
  const { reply, shown } = await type(need, ['y', '2'], ['r/a.1', 'r/a.2']);
  expect(reply).toEqual({ update: updates.choose, fields: { agent: 'r/a.2' } });
  expect(shown).toContain('  2  choose r/a.2: its work counts');
  expect((await type(need, ['n', 'both wrong'], ['r/a.1', 'r/a.2'])).reply).toEqual({
    update: updates.reject,
    fields: { note: 'both wrong' },
  });
});

test('a question is answered in words after its key', async () => {
  const { reply } = await type(needOf('question', 'a/question@1'), ['tabs', 'a', 'tabs']);
  expect(reply).toEqual({ update: updates.answer, fields: { text: 'tabs' } });
});

test('who leaves decides nothing', async () => {
  expect((await type(needOf('delivery', 'delivery@1'), ['what?'])).reply).toBeUndefined();
  expect((await type(needOf('delivery', 'delivery@1'), ['n'])).reply).toBeUndefined();
});

test('a key that was typed without Enter before a decision was shown is no part of its answer', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'prompt-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const [program, go] = [join(folder, 'asks.mjs'), join(folder, 'go')];
  const asked = pathToFileURL(join(import.meta.dirname, '../../../src/cli/person/ask-person.ts')).href;
  // The first decision is made elsewhere; the second one is shown once the test says so.
  const source = `import { existsSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { askPerson } from ${JSON.stringify(asked)};
const ask = (id, over) => askPerson({ id, kind: 'delivery', about: '' }, [], over);
await ask('first', AbortSignal.timeout(300));
console.log('\\nBETWEEN');
while (!existsSync(${JSON.stringify(go)})) await wait(10);
console.log('\\nREPLY ' + JSON.stringify((await ask('second')) ?? 'none'));
`;
  await writeFile(program, source);
  const shell = execa('script', ['-qefc', `stty echo; '${process.execPath}' '${program}'`, '/dev/null'], {
    reject: false,
  });
  onTestFinished(() => void shell.kill('SIGKILL'));
  let said = '';
  shell.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  const hear = async (text: RegExp): Promise<void> =>
    await vi.waitFor(() => expect(said).toMatch(text), { timeout: 20_000, interval: 20 });
  await hear(/BETWEEN/);
  shell.stdin.write('y');
  // The terminal has it: it is echoed.
  await hear(/BETWEEN\r\ny/);
  await writeFile(go, '');
  await hear(/second: one key/);
  shell.stdin.write('\r');
  await hear(/REPLY|none of the keys[^]*second: one key/);
  expect(said).toContain('"" is none of the keys, so nothing was decided.');
  shell.stdin.write('l\r');
  await hear(/REPLY "none"/);
  expect((await shell).exitCode).toBe(0);
});

test('d shows the difference, as often as wanted, and decides nothing', async () => {
  const left = ['d', 'd', 'y'];
  let shown = '';
  let looks = 0;
  const read = (text: string): Promise<string | undefined> => {
    shown += text;
    return Promise.resolve(left.shift());
  };
  const show = (): Promise<void> => {
    looks += 1;
    return Promise.resolve();
  };
  const reply = await askBy(read)(needOf('delivery', 'delivery@1'), [], undefined, { what: 'the difference', show });
  expect(reply).toEqual({ update: updates.approve });
  expect(looks).toBe(2);
  expect(shown.match(/ {2}d {2}show the difference first\n/g)).toHaveLength(3);
});
