/**
 * What an activity does at this moment, as its heartbeats carry it to people: the command that runs, or the model call,
 * with the last lines of output.
 * Rule: a few hundred bytes, which no decision depends on. Temporal keeps heartbeats only while the activity is
 * pending, so they are in no history.
 */
import { z } from 'zod';
import { harmless } from './text/harmless.ts';
import { clipText } from './text/lines.ts';

/** Most characters of a command, of each line of output, and most lines. */
const MAX_COMMAND = 100;
const MAX_LINE = 100;
const MAX_LINES = 5;

/** The stages that activities name. A newer worker may name others. */
export type Stage = 'files' | 'command' | 'model' | 'store';

const liveSchema = z.object({
  stage: z.string(),
  /** The command line, if one runs. */
  command: z.string().optional(),
  elapsedMs: z.number().nonnegative(),
  /** When the activity will end it. Left out if nothing limits this stage alone. */
  limitMs: z.number().positive().optional(),
  /** Bytes of output so far. */
  bytes: z.number().nonnegative(),
  /** The last lines of output. */
  tail: z.string(),
});
export type Live = z.infer<typeof liveSchema>;

/** The heartbeat details of an activity: what it does, beside the note to its next attempt. */
const detailsSchema = z.looseObject({ now: liveSchema });

/** Whether heartbeat details are for people only. The next attempt of an activity reads nothing in them. */
export function isOnlyLive(details: unknown): boolean {
  return typeof details === 'object' && details !== null && Object.keys(details).join() === 'now';
}

/** What heartbeat details say. Anybody with access to Temporal could have written them, so they are made harmless. */
export function readLive(details: unknown): Live | undefined {
  const { now } = detailsSchema.safeParse(details).data ?? {};
  return now && harmless({ ...now, ...shownOf(now) });
}

/** The bounded texts of a report: the beginning of its command, and the last lines of its output. */
export function shownOf({ command, tail }: Pick<Live, 'command' | 'tail'>): Pick<Live, 'command' | 'tail'> {
  const lines = tail.split('\n').filter((line) => line.trim() !== '');
  return {
    ...(command === undefined ? {} : { command: clipText(command.replaceAll(/\s+/g, ' ').trim(), MAX_COMMAND) }),
    tail: lines
      .slice(-MAX_LINES)
      .map((line) => clipText(line, MAX_LINE))
      .join('\n'),
  };
}
