/**
 * Sends one notice to one receiver.
 * Rule: it never throws. What went wrong is said without an address, a secret or a word of the receiver's.
 */
import { execa } from 'execa';
import { Webhook } from 'standardwebhooks';
import type { Notice, NotifyOutcome } from '../core/refactor/exchange.ts';
import { firstLine } from '../core/text/lines.ts';
import type { NoticeReceiver } from './receivers.ts';

/** Standard Webhooks recommends 15 to 30 s. */
const TIMEOUT_MS = 15_000;

export async function sendNotice(receiver: NoticeReceiver, notice: Notice, at: Date): Promise<NotifyOutcome> {
  if ('command' in receiver) return await runCommand(receiver, notice);
  if ('chat' in receiver) return await post(receiver.chat, JSON.stringify({ text: chatTextOf(notice) }), {});
  const { id, kind } = notice;
  const body = JSON.stringify({ type: `run.${kind}`, timestamp: new Date(notice.at).toISOString(), data: notice });
  return await post(receiver.webhook, body, {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': new Webhook(receiver.secret).sign(id, at, body),
  });
}

/** With these three characters escaped, no text can mention anybody in a chat, or make a link. */
function chatTextOf({ text, goal, run }: Notice): string {
  const words = `${text}\ngoal: ${firstLine(goal)}\ncox watch ${run}`;
  return words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

async function post(url: string, body: string, headers: Record<string, string>): Promise<NotifyOutcome> {
  try {
    const { ok, status } = await fetch(url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...headers },
      body,
      // Another address would get what was signed for this one.
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (ok) return { kind: 'sent' };
    const reason = `it answers with HTTP ${status}`;
    // By Standard Webhooks: it wants no more.
    return status === 410 ? { kind: 'failed', reason, isFinal: true } : { kind: 'failed', reason };
  } catch (error) {
    return { kind: 'failed', reason: describe(error) };
  }
}

function describe(error: unknown): string {
  if (error instanceof DOMException && error.name === 'TimeoutError') return `no answer in ${TIMEOUT_MS / 1000} s`;
  const cause = error instanceof Error ? error.cause : undefined;
  return `it can't be reached (${cause instanceof Error && 'code' in cause ? String(cause.code) : 'no connection'})`;
}

async function runCommand(
  { command: [file = '', ...args], env }: Extract<NoticeReceiver, { command: string[] }>,
  notice: Notice,
): Promise<NotifyOutcome> {
  const { exitCode, timedOut, code } = await execa(file, args, {
    input: JSON.stringify(notice),
    env,
    extendEnv: false,
    stdout: 'ignore',
    stderr: 'ignore',
    timeout: TIMEOUT_MS,
    forceKillAfterDelay: 1000,
    reject: false,
  });
  if (exitCode === 0) return { kind: 'sent' };
  if (timedOut) return { kind: 'failed', reason: `its program did not end in ${TIMEOUT_MS / 1000} s` };
  if (exitCode !== undefined) return { kind: 'failed', reason: `its program ended with ${exitCode}` };
  return { kind: 'failed', reason: `its program can't be run (${code ?? 'it was killed'})` };
}
