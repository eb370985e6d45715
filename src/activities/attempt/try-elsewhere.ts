/**
 * What to do about a place that this host can't reach: another host of the same queue may.
 * Rule: each host that there is gets its try before the failure counts, and then it counts at once, with the word of
 * every host; where there is one host only, that is the first time.
 */
import type { Context } from '@temporalio/activity';
import type { ApplicationFailure } from '@temporalio/common';
import { z } from 'zod';
import { GIT_FAILURES } from '../../core/failures.ts';
import { hostOfIdentity, isHostQueue } from '../../core/task-queues.ts';
import { GitFailure } from '../../git/git-failure.ts';
import { fail } from './failures.ts';
import { findHosts } from './find-hosts.ts';

/** Between two tries: who has just failed asks again at once, and the others should be faster. */
const AGAIN_MS = 500;
/** A host that ended minutes ago is still named: nobody waits for it longer than this many tries. */
const MAX_TRIES = 60;
/** Characters of a host's word that are kept with the heartbeat. */
const MAX_WORDS = 300;

/** What each host that tried has said, among what an attempt leaves to the next one. */
const noteSchema = z.looseObject({ elsewhere: z.record(z.string(), z.string()).optional() });

/** The failure to throw for such an error; undefined for any other error. */
export async function tryElsewhere(
  context: Context,
  memory: { read(): unknown; write(note: unknown): void },
  error: unknown,
): Promise<ApplicationFailure | undefined> {
  if (!(error instanceof GitFailure) || GIT_FAILURES[error.kind].mends !== 'another host') return undefined;
  const { type } = GIT_FAILURES[error.kind];
  const { own, hosts } = await findCompany(context);
  const note = noteSchema.safeParse(memory.read()).data ?? {};
  const said = { ...note.elsewhere, [own]: error.message.slice(0, MAX_WORDS) };
  memory.write({ ...note, elsewhere: said });
  const isLeft = hosts.some((host) => !Object.hasOwn(said, host)) && context.info.attempt < MAX_TRIES;
  if (isLeft) {
    const options = { final: false, retryAfterMs: AGAIN_MS };
    return fail(type, `${error.message} (host ${own}; others are asked)`, options);
  }
  const others = Object.entries(said).filter(([host]) => host !== own);
  const words = others.map(([host, word]) => `; host ${host}: ${word}`).join('');
  return fail(type, `${error.message}${words}`, { final: true });
}

/** This host, and those that take work from the same queue; whoever can't ask for them is alone. */
async function findCompany(context: Context): Promise<{ own: string; hosts: string[] }> {
  try {
    const { identity } = context.client.options;
    const own = hostOfIdentity(identity) ?? identity;
    const { taskQueue } = context.info;
    return { own, hosts: isHostQueue(taskQueue) ? [] : await findHosts(context, taskQueue) };
  } catch {
    return { own: 'this', hosts: [] };
  }
}
