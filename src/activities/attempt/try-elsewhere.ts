/**
 * Retries on another host of the same task queue when this host can't reach a repository or hub.
 * Rule: the failure is final as soon as each host has tried, and its message then has the error of every host. With one
 * host only, the first failure is final.
 */
import type { Context } from '@temporalio/activity';
import type { ApplicationFailure } from '@temporalio/common';
import { z } from 'zod';
import { GIT_FAILURES } from '../../core/failures.ts';
import { hostOfIdentity, isHostQueue } from '../../core/task-queues.ts';
import { GitFailure } from '../../git/git-failure.ts';
import { fail } from './failures.ts';
import { findHosts } from './find-hosts.ts';

/**
 * Delay before the next try: the host that failed polls again at once, and the other hosts should get the task first.
 */
const AGAIN_MS = 500;
/** Most tries: Temporal still lists a host that ended minutes ago, and that host never tries. */
const MAX_TRIES = 60;
/** Characters of each host's error that travel with the heartbeat. */
const MAX_WORDS = 300;

/** The error of each host that tried, as part of the note from one attempt to the next. */
const noteSchema = z.looseObject({ elsewhere: z.record(z.string(), z.string()).optional() });

/** The failure to throw where another host may succeed; undefined for any other error. */
export async function tryElsewhere(
  context: Context,
  memory: { read(): unknown; write(note: unknown): void },
  error: unknown,
): Promise<ApplicationFailure | undefined> {
  if (!(error instanceof GitFailure) || GIT_FAILURES[error.kind].mends !== 'another host') return undefined;
  const { type } = GIT_FAILURES[error.kind];
  const { own, hosts } = await findPeers(context);
  const note = noteSchema.safeParse(memory.read()).data ?? {};
  const said = { ...note.elsewhere, [own]: error.message.slice(0, MAX_WORDS) };
  memory.write({ ...note, elsewhere: said });
  const isLeft = hosts.some((host) => !Object.hasOwn(said, host)) && context.info.attempt < MAX_TRIES;
  if (isLeft) {
    const options = { final: false, retryAfterMs: AGAIN_MS };
    return fail(type, `${error.message} (host ${own}; other hosts are tried next)`, options);
  }
  const others = Object.entries(said).filter(([host]) => host !== own);
  const words = others.map(([host, word]) => `; host ${host}: ${word}`).join('');
  return fail(type, `${error.message}${words}`, { final: true });
}

/** This host, and all hosts that poll the same task queue; an empty list where Temporal can't be asked. */
async function findPeers(context: Context): Promise<{ own: string; hosts: string[] }> {
  try {
    const { identity } = context.client.options;
    const own = hostOfIdentity(identity) ?? identity;
    const { taskQueue } = context.info;
    return { own, hosts: isHostQueue(taskQueue) ? [] : await findHosts(context, taskQueue) };
  } catch {
    return { own: 'this', hosts: [] };
  }
}
