/** Notices as their receivers get them: over real HTTP, checked by the receivers' own library, and by a real program. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Webhook } from 'standardwebhooks';
import { expect, onTestFinished, test } from 'vitest';
import type { Notice } from '../../src/core/refactor/exchange.ts';
import { quietForMs } from '../../src/notify/quiet-hours.ts';
import { readReceivers } from '../../src/notify/receivers.ts';
import { sendNotice } from '../../src/notify/send-notice.ts';
import { startReceiver } from './receiver.ts';

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const NOTICE: Notice = {
  id: '0123456789abcdef',
  kind: 'waits',
  at: 1_700_000_000_000,
  run: 'demo-1',
  goal: 'tidy <!channel> & <https://attacker.example|this>',
  repository: 'https://git.example.com/a',
  text: 'demo-1 waits for a person: plan@1',
};

test('a webhook is signed by Standard Webhooks, with the same id in each attempt', async () => {
  const receiver = await startReceiver();
  for (const second of [0, 1]) {
    const at = new Date(Date.now() + second * 1000);
    expect(await sendNotice({ webhook: receiver.url, secret: SECRET }, NOTICE, at)).toEqual({ kind: 'sent' });
  }
  expect(receiver.got.map(({ headers }) => headers['webhook-id'])).toEqual([NOTICE.id, NOTICE.id]);
  const [{ body, headers } = { body: '', headers: {} }] = receiver.got;
  const verifier = new Webhook(SECRET);
  expect(verifier.verify(body, headers as Record<string, string>)).toEqual({
    type: 'run.waits',
    timestamp: '2023-11-14T22:13:20.000Z',
    data: NOTICE,
  });
  expect(() => verifier.verify(body.replace('plan@1', 'plan@2'), headers as Record<string, string>)).toThrow();
});

test('a chat gets text in which nothing mentions anybody or is a link', async () => {
  const receiver = await startReceiver();
  await sendNotice({ chat: receiver.url }, NOTICE, new Date());
  expect(JSON.parse(receiver.got[0]?.body ?? '')).toEqual({
    text: 'demo-1 waits for a person: plan@1\ngoal: tidy &lt;!channel&gt; &amp; &lt;https://attacker.example|this&gt;\ncox watch demo-1',
  });
});

test('a program gets the notice on its input, and nothing else of the worker’s environment', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'coxswain-notify-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'receivers.json');
  const words = (script: string): string[] => ['sh', '-c', script];
  await writeFile(
    file,
    JSON.stringify({
      good: { command: words(`cat > ${folder}/got; env > ${folder}/env`) },
      bad: { command: words('exit 3') },
      absent: { command: ['no-such-program-here'] },
      chat: { chat: '$CHAT_URL' },
    }),
  );
  const env = { PATH: process.env['PATH'] ?? '', OPENAI_API_KEY: 'key', CHAT_URL: 'https://chat.example.com/x' };
  const receivers = readReceivers(file, env);
  const send = async (name: string): Promise<unknown> => {
    const receiver = receivers[name];
    return receiver && (await sendNotice(receiver, NOTICE, new Date()));
  };
  expect(await send('good')).toEqual({ kind: 'sent' });
  expect(JSON.parse(await readFile(join(folder, 'got'), 'utf8'))).toEqual(NOTICE);
  expect(await readFile(join(folder, 'env'), 'utf8')).not.toContain('OPENAI');
  expect(await send('bad')).toEqual({ kind: 'failed', reason: 'its program ended with 3' });
  expect(await send('absent')).toEqual({ kind: 'failed', reason: "its program can't be run (ENOENT)" });
  expect(receivers['chat']).toEqual({ chat: 'https://chat.example.com/x' });
});

test('a secret in the file itself, and a variable that is not set, are refused with the field', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'coxswain-notify-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'receivers.json');
  const read = async (receiver: object): Promise<unknown> => {
    await writeFile(file, JSON.stringify({ ops: receiver }));
    return readReceivers(file, {});
  };
  const webhook = 'https://ops.example.com/cox';
  await expect(read({ webhook, secret: SECRET })).rejects.toThrow('secret: name a variable of the environment');
  await expect(read({ webhook, secret: '$OPS_SECRET' })).rejects.toThrow('secret: the environment has no OPS_SECRET');
  await writeFile(file, JSON.stringify({ ops: { webhook, secret: '$OPS_SECRET' } }));
  expect(() => readReceivers(file, { OPS_SECRET: 'no base64!' })).toThrow('ops.secret: a secret of Standard Webhooks');
  // Each names the variable, the file and what it takes; no cause hides that from people.
  const said = async (receiver: object): Promise<unknown> =>
    await read(receiver).catch((error: unknown) => [String(error), error instanceof Error && error.cause]);
  const begin = `Error: COXSWAIN_RECEIVERS: ${file} can't be used:`;
  const takes = 'ops: takes {webhook, secret}, {chat} or {command: […]}, with http or https addresses';
  expect(await said({})).toEqual([`${begin} ${takes}`, undefined]);
  expect(await said({ chat: 'file:///etc/passwd' })).toEqual([`${begin} ops.chat: Invalid URL`, undefined]);
  await writeFile(file, JSON.stringify({ Ops: { chat: webhook } }));
  expect(() => readReceivers(file, {})).toThrow('Ops: the name of a receiver: small letters, digits and hyphens');
});

test('a receiver that is away, refuses or sends elsewhere is a reason without its address', async () => {
  const receiver = await startReceiver();
  const send = async (): Promise<unknown> =>
    await sendNotice({ webhook: receiver.url, secret: SECRET }, NOTICE, new Date());
  receiver.answer = 500;
  expect(await send()).toEqual({ kind: 'failed', reason: 'it answers with HTTP 500' });
  receiver.answer = 307;
  expect(await send()).toEqual({ kind: 'failed', reason: 'it answers with HTTP 307' });
  expect(receiver.got).toHaveLength(2);
  receiver.answer = 410;
  expect(await send()).toEqual({ kind: 'failed', reason: 'it answers with HTTP 410', isFinal: true });
  await receiver.close();
  expect(await send()).toEqual({ kind: 'failed', reason: "it can't be reached (ECONNREFUSED)" });
});

test('quiet hours last until the earliest end, over midnight too, in the receiver’s own time zone', () => {
  const at = (time: string): Date => new Date(`2026-01-15T${time}:00Z`);
  const hours = (quiet: Parameters<typeof quietForMs>[0], time: string): number =>
    quietForMs(quiet, at(time)) / 3_600_000;
  const night = { from: '20:00', until: '07:30' };
  expect(['19:59', '20:00', '23:30', '07:00', '07:30'].map((time) => hours([night], time))).toEqual([
    0, 11.5, 8, 0.5, 0,
  ]);
  // In winter Berlin is an hour ahead, New York five behind.
  expect(hours([{ ...night, zone: 'Europe/Berlin' }], '19:00')).toBe(11.5);
  expect(hours([{ ...night, zone: 'America/New_York' }], '20:00')).toBe(0);
  expect(hours([night, { from: '12:00', until: '23:00' }], '22:00')).toBe(1);
  expect(hours([night, { from: '12:00', until: '13:00' }], '22:00')).toBe(0);
  expect(hours([], '22:00')).toBe(0);
  expect(hours([{ ...night, zone: 'Europe/Nowhere' }], '22:00')).toBe(0);
});
