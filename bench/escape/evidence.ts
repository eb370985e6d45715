/**
 * What proves an attack's effect, for attacks to share.
 * Rule: each looks at the host or at what left the sandbox, and waits only as long as a late effect could take.
 */
import { existsSync, lstatSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Host, Outcome } from './attack.ts';

/** An effect that is on its way has come after this time. */
const LATE_MS = 300;

/** Whether a canary appeared on the host, or appears within moments. */
export async function appeared(host: Host, name: string): Promise<boolean> {
  return await soon(() => isThere(host.canary(name)));
}

/** Whether the secret is in what people or models saw, or in what is delivered. */
export function leaked(host: Host, { output, tree }: Outcome): boolean {
  const forms = [host.secret, Buffer.from(host.secret).toString('base64').slice(4, 32)];
  const texts = [output, ...tree.values(), ...tree.keys()];
  return texts.some((text) => forms.some((form) => text.includes(form)));
}

/** Whether somebody connected to a listener of the host. */
export async function connected(host: Host): Promise<boolean> {
  return await soon(() => host.reached());
}

/** Whether a path exists, also as a link to nothing. */
export function isThere(path: string): boolean {
  return existsSync(path) || lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

async function soon(condition: () => boolean): Promise<boolean> {
  if (condition()) return true;
  await delay(LATE_MS);
  return condition();
}
