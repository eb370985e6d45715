/**
 * The command `cox where`: in which hub a refactor's work is, under which refs, and the git commands that fetch it.
 * Rule: it only reads. Nobody needs it to work with `cox`; every printed line runs as it is printed.
 */
import type { Command } from 'commander';
import { asLine as safe } from '../../core/text/lines.ts';
import type { RefactorStatus } from '../../core/views/status.ts';
import type { Sha } from '../../core/transcript.ts';
import { listHub, placeRef } from '../../git/remote/hub-refs.ts';
import { placeOfHub } from '../../git/remote/hub-store.ts';
import { refFolder, refSlug } from '../../git/ref-name.ts';
import type { Store } from '../../git/store.ts';
import { listAgentIds } from '../../client/list-agents.ts';
import type { Action } from '../command/action.ts';
import { addExample, EXAMPLE_ID } from '../command/help.ts';
import { findRun, openRunStore } from '../../client/find-run.ts';
import { withStack } from '../stack/open-stack.ts';
import { shellLine } from '../../core/text/shell-line.ts';

/** A ref of the hub and what it is to people. */
interface NamedRef {
  what: string;
  ref: string;
  at: Sha;
}

export function addWhere(program: Command, action: Action): void {
  const command = program
    .command('where')
    .description('the hub, refs and commits of a refactor, and the git commands that fetch them')
    .argument('<id>', 'the refactor, or one of its agents')
    .action(action(where));
  addExample(command, [EXAMPLE_ID]);
}

async function where(id: string): Promise<number> {
  return await withStack(async ({ client }, config) => {
    const { status, agent } = await findRun(client, id);
    const store = await openRunStore(config, status);
    const agents = agent === undefined ? await listAgentIds(client, status.id) : [agent];
    const refs = [
      ...(agent === undefined ? await listRefs(store, 'refactors', status.id) : []),
      ...(await Promise.all(agents.map(async (one) => await listRefs(store, 'agents', one)))).flat(),
    ];
    console.log(showPlaces(placeOfHub(config, status.repository), status, refs).join('\n'));
    return 0;
  });
}

/** The refs of a workflow's runs, and those beside them: the report, reviews. */
async function listRefs(store: Store, kind: 'agents' | 'refactors', id: string): Promise<NamedRef[]> {
  const folder = refFolder(kind, id);
  const found = await listHub(store, [placeRef(store, folder), folder]);
  const own = [...found].filter(([ref]) => ref.includes(`/${kind}/${refSlug(id)}/`));
  return own.map(([ref, at]) => {
    const name = ref.slice(ref.lastIndexOf('/') + 1);
    const isRun = /^[0-9a-f-]{36}$/.test(name);
    return { what: isRun ? (kind === 'agents' ? id : `${id}: integrated`) : `${id}: ${name}`, ref, at };
  });
}

/** Where everything is, as lines; then how to fetch each ref into a working copy. */
function showPlaces(hub: string, { id, repository, base, line }: RefactorStatus, refs: readonly NamedRef[]): string[] {
  const isTwice = (what: string): boolean => refs.filter((other) => other.what === what).length > 1;
  const fetches = refs.map(
    ({ ref, what }) =>
      `  ${shellLine(['git', 'fetch', hub, `${ref}:${localName(isTwice(what) ? `${what} ${ref.slice(-12)}` : what)}`])}`,
  );
  return [
    `repository  ${safe(repository)}`,
    `base        ${base === null ? 'not known yet' : safe(base)}`,
    `integrated  ${line === null ? 'nothing yet' : safe(line)}`,
    `hub         ${safe(hub)}`,
    ...refs.map(({ what, ref, at }) => `ref         ${safe(ref)}\n            ${at}  ${safe(what)}`),
    ...(fetches.length === 0
      ? [`refs        none yet of ${safe(id)}`]
      : ['', 'To fetch them into a working copy, as refs of its own:', ...fetches]),
  ];
}

/** A ref of a working copy that no branch or tag of the person's collides with. */
function localName(what: string): string {
  return `refs/cox/${what.replaceAll(/[^\w./-]+/g, '-')}`;
}
