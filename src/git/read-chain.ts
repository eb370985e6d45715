/**
 * Reads a chain: the commits of an agent from its start to its head, with what each one carries.
 * Rule: one `git log`, whatever the length; no file is needed.
 */
import type { Entry, Sha } from '../core/transcript.ts';
import { parseCheckpointMessage } from '../core/transcript.ts';
import { runGit } from './run-git.ts';
import type { Store } from './store.ts';

/** One commit of a chain. `entry` is undefined for a commit that is not a checkpoint. */
export interface ChainLink {
  commit: Sha;
  tree: Sha;
  parent: Sha | null;
  subject: string;
  message: string;
  author: { name: string; email: string; date: string };
  entry: Entry | undefined;
}

const FORMAT = ['%H', '%T', '%P', '%an', '%ae', '%aI', '%B'].join('%x01');

/** The commits after `base` up to `head` by first parents, oldest first. */
export async function readChain(store: Store, { base, head }: { base: Sha; head: Sha }): Promise<ChainLink[]> {
  const args = [
    'log',
    '-z',
    '--reverse',
    '--first-parent',
    '--no-color',
    `--format=${FORMAT}`,
    '--end-of-options',
    head,
    `^${base}`,
  ];
  return parseLog(await runGit(store.dir, args));
}

/** One commit. */
export async function readLink(store: Store, commit: Sha): Promise<ChainLink> {
  const args = ['log', '-z', '-1', '--no-color', `--format=${FORMAT}`, '--end-of-options', commit];
  const [link] = parseLog(await runGit(store.dir, args));
  if (!link) throw new Error(`git log of ${commit} gave nothing`);
  return link;
}

function parseLog(output: string): ChainLink[] {
  return output
    .split('\0')
    .filter((record) => record !== '')
    .map((record) => {
      const [commit = '', tree = '', parents = '', name = '', email = '', date = '', ...rest] = record.split('\u0001');
      const message = rest.join('\u0001');
      const subject = message.split('\n', 1)[0] ?? '';
      const parent = parents === '' ? null : (parents.split(' ')[0] as Sha);
      return {
        commit: commit as Sha,
        tree: tree as Sha,
        parent,
        subject,
        message,
        author: { name, email, date },
        entry: parseCheckpointMessage(message),
      };
    });
}
