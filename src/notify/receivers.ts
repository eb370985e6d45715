/**
 * Who can be told of runs, as a worker's own file says it: a signed webhook, a chat's incoming webhook, or a program.
 * Rule: addresses and programs come from this file only, and secrets from the worker's environment, which the file
 * names as `$NAME`.
 */
import { readFileSync } from 'node:fs';
import { Webhook } from 'standardwebhooks';
import { z } from 'zod';
import { describeIssue } from '../core/plan.ts';
import { receiverName } from '../core/policy/notify-field.ts';

/** What a program gets of the worker's environment; the worker's secrets are not for it. */
const INHERITED = ['PATH', 'HOME', 'LANG', 'DISPLAY', 'DBUS_SESSION_BUS_ADDRESS', 'XDG_RUNTIME_DIR'];

const address = z.url({ protocol: /^https?$/ });
const receiverSchema = z.union(
  [
    /** Standard Webhooks; the secret begins with `whsec_`. */
    z.strictObject({
      webhook: address,
      secret: z.string().refine(canSign, 'a secret of Standard Webhooks: whsec_ and base64'),
    }),
    /** A Slack-compatible incoming webhook. */
    z.strictObject({ chat: address }),
    /** A program and its words, without a shell; the notice is JSON on its standard input. */
    z.strictObject({ command: z.array(z.string().min(1)).min(1) }),
  ],
  { error: 'takes {webhook, secret}, {chat} or {command: […]}, with http or https addresses' },
);
/** One that can't is found when the worker starts, not when the first notice is due. */
function canSign(secret: string): boolean {
  try {
    return new Webhook(secret) instanceof Webhook;
  } catch {
    return false;
  }
}

type Written = z.infer<typeof receiverSchema>;
export type NoticeReceiver =
  | Exclude<Written, { command: string[] }>
  | { command: string[]; env: Record<string, string> };

const receiversSchema = z.record(receiverName, receiverSchema);
export type Receivers = Readonly<Record<string, NoticeReceiver>>;

/** Those of a file; fails with what is wrong in it. Nobody without a file. */
export function readReceivers(file: string | undefined, env: NodeJS.ProcessEnv): Receivers {
  if (file === undefined) return {};
  try {
    return parseReceivers(readFileSync(file, 'utf8'), env);
  } catch (error) {
    const why = error instanceof z.ZodError ? error.issues.map(describe).join('; ') : Object(error).message;
    // Without the error itself: people are shown the innermost one, which names neither the variable nor the file.
    throw new Error(`COXSWAIN_RECEIVERS: ${file} can't be used: ${why}`);
  }
}

/** What is wrong with a receiver's name is one level deeper than what is wrong with the receiver. */
function describe(issue: z.core.$ZodIssue): string {
  const [inner = issue] = issue.code === 'invalid_key' ? issue.issues : [];
  return describeIssue({ ...inner, path: issue.path });
}

function parseReceivers(text: string, env: NodeJS.ProcessEnv): Receivers {
  const filled: unknown = JSON.parse(text, (key, value: unknown) =>
    typeof value === 'string' && ['webhook', 'secret', 'chat'].includes(key) ? fill(key, value, env) : value,
  );
  const own = Object.fromEntries(
    INHERITED.flatMap((name) => {
      const value = env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
  const named = Object.entries(receiversSchema.parse(filled)).map(([name, receiver]) => [
    name,
    'command' in receiver ? { ...receiver, env: own } : receiver,
  ]);
  return Object.fromEntries(named) as Receivers;
}

function fill(key: string, value: string, env: NodeJS.ProcessEnv): string {
  const [, name] = /^\$([A-Za-z_]\w*)$/.exec(value) ?? [];
  if (name === undefined && key === 'secret') throw new Error('secret: name a variable of the environment, as $NAME');
  if (name === undefined) return value;
  const found = env[name];
  if (found === undefined || found === '') throw new Error(`${key}: the environment has no ${name}`);
  return found;
}

/** What no failure may show: secrets, and chats' addresses, which are secrets themselves. */
export function listReceiverSecrets(receivers: Receivers): string[] {
  return Object.values(receivers).flatMap((receiver) => {
    if ('secret' in receiver) return [receiver.secret];
    return 'chat' in receiver ? [receiver.chat] : [];
  });
}
