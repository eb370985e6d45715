/**
 * A plain clone of the hostile repository, as in an agent's run in a person's own checkout.
 * Rule: after each command the host's user runs their usual git commands: status, diff, add, commit, and at the end
 * push and clone. Git has its default settings, so it obeys the repository's own configuration.
 */
import { join } from 'node:path';
import { runProgram } from '../run-program.ts';
import type { Ran } from '../run-program.ts';
import { DELIVERED } from '../repository.ts';
import type { Session, TrialPlaces } from '../runner.ts';

/** Time limit of the person's git; a hostile repository can make it hang. */
const GIT_TIMEOUT_MS = 20_000;

/** Runs one command in a checkout, isolated or not. */
export type RunInside = (command: string, checkout: string, timeoutMs: number) => Promise<Ran>;

/** Opens a checkout whose commands run by `inside`; `patch` is the runner's file tool. */
export async function openCheckout(
  { origin, place, elsewhere: away }: TrialPlaces,
  inside: RunInside,
  {
    patch,
    isProgram,
    close,
  }: {
    patch?: (patch: string, checkout: string) => Promise<Ran>;
    isProgram?: true;
    close?: () => Promise<void>;
  } = {},
): Promise<Session> {
  const checkout = join(place, 'checkout');
  const cloned = await git(place, ['clone', '--quiet', origin, checkout]);
  if (cloned.exitCode !== 0) throw new Error(`git clone of the hostile repository: ${cloned.output}`);
  const withLife = async (ran: Ran): Promise<Ran> => ({ ...ran, output: ran.output + (await commit(checkout)) });
  return {
    opened: {
      workspace: checkout,
      store: origin,
      ref: `refs/heads/${(await git(origin, ['symbolic-ref', '--short', 'HEAD'])).output.trim()}`,
      ...(isProgram ? { isProgram } : {}),
    },
    run: async (command, timeoutMs) => await withLife(await inside(command, checkout, timeoutMs)),
    ...(patch ? { patch: async (text) => await withLife(await patch(text, checkout)) } : {}),
    finish: async (check, timeoutMs) => {
      const pushed = await git(checkout, ['push', '--quiet', 'origin', `HEAD:refs/heads/${DELIVERED}`]);
      const elsewhere = join(away, 'clone');
      const args = ['clone', '--quiet', '--branch', DELIVERED, origin, elsewhere];
      const outputs = [pushed, await git(place, args), await git(elsewhere, ['status']), await git(elsewhere, ['log'])];
      const output = outputs.map((ran) => ran.output).join('');
      return check === undefined ? { output } : { output, check: await inside(check, checkout, timeoutMs) };
    },
    close: close ?? (async () => undefined),
  };
}

/** The git commands that a person runs in the checkout after the agent's work. */
async function commit(checkout: string): Promise<string> {
  const outputs: string[] = [];
  for (const args of [
    ['status'],
    ['diff'],
    ['add', '--all'],
    ['commit', '--quiet', '--allow-empty', '-m', 'agent'],
    ['status'],
    ['log', '--patch', '-1'],
  ]) {
    outputs.push((await git(checkout, args)).output);
  }
  return outputs.join('');
}

async function git(cwd: string, args: readonly string[]): Promise<Ran> {
  const identity = {
    GIT_AUTHOR_NAME: 'Ada',
    GIT_AUTHOR_EMAIL: 'ada@example.org',
    GIT_COMMITTER_NAME: 'Ada',
    GIT_COMMITTER_EMAIL: 'ada@example.org',
    GIT_TERMINAL_PROMPT: '0',
  };
  return await runProgram('git', args, { cwd, env: { ...process.env, ...identity }, timeoutMs: GIT_TIMEOUT_MS });
}
