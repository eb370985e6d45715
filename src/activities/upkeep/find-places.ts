/**
 * `findPlaces`: the hubs and hosts that the janitor has to sweep.
 * Rule: it only reads. What this host can't know is left out; a later run on a host that knows it finds it.
 */
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { Context } from '@temporalio/activity';
import { workspaceQueue } from '../../core/task-queues.ts';
import { refSlug } from '../../git/ref-name.ts';
import type { ActivityContext } from '../attempt/context.ts';
import { isUrl, SLUG } from '../../git/remote/hub-store.ts';
import type { ControlActivities } from '../attempt/contract.ts';
import { findHosts } from '../attempt/find-hosts.ts';
import { withHeartbeats } from '../attempt/heartbeats.ts';

/** Most characters of a search attribute; of a longer repository name only the end is there. */
const MAX_SHOWN = 255;

export function createFindPlaces(context: ActivityContext): ControlActivities['findPlaces'] {
  return () =>
    withHeartbeats(async () => ({
      hubs: await findHubs(context),
      hosts: await findHosts(Context.current(), workspaceQueue(Context.current().info.taskQueue)),
      retentionDays: context.retentionDays,
    }));
}

/** Slugs of the repositories that have a hub: from the stores on this host and from Temporal's list of refactors. */
async function findHubs(context: ActivityContext): Promise<string[]> {
  const stores = (await listNames(join(context.stateDir, 'stores'))).map((name) => name.replace(/\.git$/, ''));
  // All repositories share one hub, so any of its stores will do.
  if (!context.hub.includes(SLUG)) return [stores[0] ?? 'hub'];
  const slugs = new Set([...stores, ...(await listRepositories()).map(refSlug)]);
  if (isUrl(context.hub)) return [...slugs];
  const path = resolve(context.stateDir, context.hub);
  const [before = '', after = ''] = basename(path).split(SLUG);
  if (basename(path).includes(SLUG)) {
    for (const name of await listNames(dirname(path)))
      if (name.startsWith(before) && name.endsWith(after))
        slugs.add(name.slice(before.length, -after.length || undefined));
  }
  return [...slugs].filter((slug) => existsSync(join(path.replaceAll(SLUG, slug), 'HEAD')));
}

async function listNames(folder: string): Promise<string[]> {
  return (await readdir(folder).catch(() => [])).filter((name) => !name.includes('.new-'));
}

async function listRepositories(): Promise<string[]> {
  const repositories = new Set<string>();
  for await (const run of Context.current().client.workflow.list({ query: `WorkflowType = 'refactor'` })) {
    const name = run.searchAttributes?.['CoxRepository']?.[0];
    if (typeof name === 'string' && name.length < MAX_SHOWN) repositories.add(name);
  }
  return [...repositories];
}
