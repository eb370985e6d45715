/**
 * Asks the person at the terminal about a group of alike decisions: one key for all of them, or for the first only.
 * Rule: the keys and their words are those of a single decision; how many they decide stands before them.
 */
import type { NeedView } from '../../core/views/status.ts';
import { updates } from '../../workflows/messages.ts';
import type { GroupReply } from '../../client/inbox.ts';
import type { Key, ReadLine, ShowWhole } from './ask-person.ts';
import { askKeys, listKeys, lookKey } from './ask-person.ts';

export type GroupChoice =
  | { kind: 'all'; reply: GroupReply }
  /** The first of them is asked by itself. */
  | { kind: 'first' }
  | { kind: 'next' }
  | { kind: 'quit' };

/** What is asked about: a decision, or undefined where the runs hold. */
export interface AskedGroup {
  need: NeedView | undefined;
  rivals: readonly string[];
  count: number;
  look?: ShowWhole | undefined;
}

/** The person's choice; `quit` also where they left. */
export async function askGroup(read: ReadLine, { need, rivals, count, look }: AskedGroup): Promise<GroupChoice> {
  const all = count > 1 ? `all ${count}: ` : '';
  const resume: Key<GroupReply>[] = [
    { key: 'y', does: 'resume: it tries again', reply: () => Promise.resolve({ update: updates.resume }) },
  ];
  const own = need ? listKeys(need, rivals, read).filter(({ key }) => key !== 'l') : resume;
  const answers = own.map(
    ({ key, does, reply }): Key<GroupChoice> => ({
      key,
      does: `${all}${does}`,
      reply: async () => {
        const given = await reply();
        return given === undefined || given === 'again' ? given : { kind: 'all', reply: given };
      },
    }),
  );
  const choose = (key: string, does: string, kind: 'first' | 'next' | 'quit'): Key<GroupChoice> => ({
    key,
    does,
    reply: () => Promise.resolve({ kind }),
  });
  const keys: Key<GroupChoice>[] = [
    ...(look ? [lookKey(look)] : []),
    ...answers,
    ...(count > 1 ? [choose('o', 'only the first: it is asked about by itself', 'first')] : []),
    choose('l', 'leave it open, and go to the next', 'next'),
    choose('q', 'leave the inbox', 'quit'),
  ];
  return (await askKeys(read, need?.id ?? 'hold', keys)) ?? { kind: 'quit' };
}
