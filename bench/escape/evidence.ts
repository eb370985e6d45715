/**
 * Tests of an attack's effect, which attacks share.
 * Rule: each looks at the host or at output of the sandbox, and waits only as long as an effect could be late.
 */
import { existsSync, lstatSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Host, Outcome } from './attack.ts';

/** Time after which a late effect has happened. */
const LATE_MS = 300;

/** Whether a canary appeared on the host, or appears within moments. */
export async function appeared(host: Host, name: string): Promise<boolean> {
  return await soon(() => isThere(host.canary(name)));
}

/** Whether the secret is in the output, which people and models see, or in the delivered tree. */
export function leaked(host: Host, { output, tree }: Outcome): boolean {
  const forms = [host.secret, Buffer.from(host.secret).toString('base64').slice(4, 32)];
  const texts = [output, ...tree.values(), ...tree.keys()];
  return texts.some((text) => forms.some((form) => text.includes(form)));
}

/** Whether a listener of the host got a connection. */
export async function connected(host: Host): Promise<boolean> {
  return await soon(() => host.reached());
}

/** Whether a path exists; a dangling link counts. */
export function isThere(path: string): boolean {
  return existsSync(path) || lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

async function soon(condition: () => boolean): Promise<boolean> {
  if (condition()) return true;
  await delay(LATE_MS);
  return condition();
}
