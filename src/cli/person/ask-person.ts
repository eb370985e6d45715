/**
 * Asks the person at the terminal for a decision: shows what each key does, and takes one key and Enter.
 * Rule: only a key that is shown decides. Any other line decides nothing, whatever it seems to mean; the question is
 * asked again.
 */
import type { Interface } from 'node:readline/promises';
import { createInterface } from 'node:readline/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { asLine as safe } from '../../core/text/lines.ts';
import type { NeedView } from '../../core/views/status.ts';
import type { VerbUpdate } from '../../workflows/messages.ts';
import { updates } from '../../workflows/messages.ts';

/** What is sent for a decision, besides its id. */
export interface Reply {
  update: VerbUpdate<'approve' | 'reject' | 'choose' | 'answer'>;
  fields?: object;
}

/**
 * Answers a decision, or leaves it open for others. `rivals` are the agents that a choice is among; `over` is aborted
 * when somebody else has decided.
 */
export type Decide = (
  need: NeedView,
  rivals: readonly string[],
  over?: AbortSignal,
  look?: ShowWhole,
) => Promise<Reply | undefined>;

/** Shows the whole of what a decision is about, in the person's pager. */
export interface ShowWhole {
  /** What is shown, such as `the difference`. */
  what: string;
  show: () => Promise<void>;
}

/** Shows a text and reads a line; undefined where the person left. */
export type ReadLine = (text: string) => Promise<string | undefined>;

export interface Key<R = Reply> {
  key: string;
  does: string;
  reply: () => Promise<R | 'again' | undefined>;
}

/** A `Decide` that asks by these lines until it has a key. */
export function askBy(read: ReadLine): Decide {
  return async (need, rivals, _, look) =>
    await askKeys(read, need.id, [...(look ? [lookKey(look)] : []), ...listKeys(need, rivals, read)]);
}

/** Asks until one of these keys has a reply; undefined where the person left. */
export async function askKeys<R>(read: ReadLine, what: string, keys: readonly Key<R>[]): Promise<R | undefined> {
  const names = keys.map(({ key }) => key).join(', ');
  const shown = keys.map(({ key, does }) => `  ${key}  ${does}\n`).join('');
  let problem = '';
  for (;;) {
    const line = await read(`${problem}${shown}${safe(what)}: one key (${names}), then Enter: `);
    if (line === undefined) return undefined;
    const pressed = keys.find(({ key }) => key === line.trim().toLowerCase());
    const reply = await pressed?.reply();
    if (pressed && reply !== 'again') return reply;
    problem = pressed ? '' : `"${safe(line.trim())}" is none of the keys, so nothing was decided.\n`;
  }
}

/** The key that shows the whole and decides nothing. */
export function lookKey({ what, show }: ShowWhole): Key<never> {
  return {
    key: 'd',
    does: `show ${what} first`,
    reply: async () => {
      await show();
      return 'again';
    },
  };
}

/** The keys that answer a decision, and `l`, which leaves it open. */
export function listKeys(need: NeedView, rivals: readonly string[], read: ReadLine): Key[] {
  const { kind, does } = need;
  const leave: Key = {
    key: 'l',
    does: 'leave it open: decide later, or let somebody else decide',
    reply: () => Promise.resolve(undefined),
  };
  const reject: Key = {
    key: 'n',
    does: `no: ${does?.reject ?? 'reject it; its worker does not say what that leads to'}`,
    reply: async () => await askNote(read, does?.note === 'required'),
  };
  switch (kind) {
    case 'question':
      return [{ key: 'a', does: 'answer it in words', reply: async () => await askAnswer(read) }, leave];
    case 'choice': {
      const choices = rivals.slice(0, 9).map((agent, index) => ({
        key: String(index + 1),
        does: `choose ${safe(agent)}: its work counts, the others are left aside`,
        reply: () => Promise.resolve({ update: updates.choose, fields: { agent } }),
      }));
      return [...choices, ...(does ? [reject] : []), leave];
    }
    default: {
      const approve = { update: updates.approve };
      const part = does?.part;
      return [
        { key: 'y', does: `yes: ${does?.approve ?? 'approve it'}`, reply: () => Promise.resolve(approve) },
        ...(part ? [{ key: 'p', does: `a part of it: ${part}`, reply: async () => await askPart(read) }] : []),
        reject,
        leave,
      ];
    }
  }
}

async function askNote(read: ReadLine, isRequired: boolean): Promise<Reply | 'again' | undefined> {
  const empty = isRequired ? 'an empty line goes back' : 'an empty line sends no note';
  const note = (await read(`What should change? (${empty}) `))?.trim();
  if (note === undefined) return undefined;
  if (note !== '') return { update: updates.reject, fields: { note } };
  return isRequired ? 'again' : { update: updates.reject };
}

async function askPart(read: ReadLine): Promise<Reply | 'again' | undefined> {
  const text = await read('Which files are left out? (paths and globs, by commas; an empty line goes back) ');
  if (text === undefined) return undefined;
  const leaveOut = readPaths(text);
  return leaveOut.length === 0 ? 'again' : { update: updates.approve, fields: { leaveOut } };
}

/** Paths and globs as a person types them, by commas. */
export function readPaths(text: string): string[] {
  return text
    .split(',')
    .map((path) => path.trim())
    .filter((path) => path !== '');
}

async function askAnswer(read: ReadLine): Promise<Reply | 'again' | undefined> {
  const text = (await read('Your answer (an empty line goes back): '))?.trim();
  if (text === undefined) return undefined;
  return text === '' ? 'again' : { update: updates.answer, fields: { text } };
}

/** Long enough for what lies in a terminal's buffer to arrive, too short to type anything. */
const TYPED_MS = 50;

const CTRL_C = 3;

/** Asks at this process's terminal. Ctrl-C there is the process's, as everywhere. */
export const askPerson: Decide = async (need, rivals, over, look) =>
  await atTerminal(async (read, pause) => await askBy(read)(need, rivals, over, look && pause(look)), over);

/** Runs `body` with this process's terminal; what was typed before is dropped. `over` ends the reading. */
export async function atTerminal<R>(
  body: (read: ReadLine, pause: (look: ShowWhole) => ShowWhole) => Promise<R>,
  over?: AbortSignal,
): Promise<R> {
  await dropTyped();
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const left = new AbortController();
  terminal.once('close', () => left.abort());
  terminal.once('SIGINT', () => {
    process.kill(process.pid, 'SIGINT');
    terminal.close();
  });
  const signal = over ? AbortSignal.any([left.signal, over]) : left.signal;
  const read: ReadLine = async (text) => await terminal.question(text, { signal }).catch(() => undefined);
  try {
    return await body(read, (look) => pauseFor(terminal, look));
  } finally {
    terminal.close();
  }
}

/** While a pager has the terminal, nothing here may read its keys. */
function pauseFor(terminal: Interface, look: ShowWhole): ShowWhole {
  const show = async (): Promise<void> => {
    terminal.pause();
    await look.show().finally(() => terminal.resume());
  };
  return { ...look, show };
}

/**
 * Drops what was typed before a decision was shown: it may have been meant for the decision before. A key without
 * Enter is still in the terminal's own line buffer, which only raw mode empties.
 */
async function dropTyped(): Promise<void> {
  const { stdin } = process;
  const wasRaw = stdin.isTTY && stdin.isRaw;
  const drop = (typed: Buffer): void => {
    // In raw mode Ctrl-C arrives as a key.
    if (stdin.isTTY && typed.includes(CTRL_C)) process.kill(process.pid, 'SIGINT');
  };
  if (stdin.isTTY) stdin.setRawMode(true);
  // The prompt before this one left stdin paused.
  stdin.on('data', drop).resume();
  await wait(TYPED_MS);
  stdin.off('data', drop).pause();
  if (stdin.isTTY) stdin.setRawMode(wasRaw);
}
