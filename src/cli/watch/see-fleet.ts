/**
 * What `cox list` and `cox fleet` have in common: their options, and showing runs once or again and again.
 * Rule: they read Temporal's list only, so that they are quick for thousands of runs and work without a worker.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { Command } from 'commander';
import type { FleetFilter } from '../../client/fleet.ts';
import { fleetQuery, readFleet } from '../../client/fleet.ts';
import { stalledFor } from '../../client/fleet-sums.ts';
import { safeJson } from '../../core/text/escape.ts';
import { addFilters } from '../command/filters.ts';
import type { Shown } from '../person/show-fleet.ts';
import { interrupted } from '../stack/interrupted.ts';
import type { Stack } from '../stack/open-stack.ts';
import { withStack } from '../stack/open-stack.ts';

export interface SeeOptions extends FleetFilter {
  trouble?: boolean;
  json?: boolean;
  watch?: boolean;
}

const WATCH_MS = 2000;
const CLEAR = '\u001b[H\u001b[J';

/** Adds the options of both. */
export function addSeeing(command: Command): Command {
  return addFilters(command)
    .option('--trouble', 'only those in trouble or without progress')
    .option('--watch', 'show it again every two seconds, until Ctrl-C')
    .option('--json', 'as JSON');
}

/** The same list by the plain program. */
export function byTemporal(filter: FleetFilter): string[] {
  return ['temporal', 'workflow', 'list', '--query', fleetQuery(filter, 'open')];
}

interface Seeing {
  ended: number;
  draw: (shown: Shown) => string;
  asJson: (shown: Shown) => unknown;
}

/** Shows runs once, or again and again. */
export async function see(options: SeeOptions, { ended, draw, asJson }: Seeing): Promise<number> {
  return await withStack(async ({ client }) => {
    const read = async (): Promise<Shown> => await readShown(client, options, ended);
    const render = (shown: Shown): string => (options.json ? safeJson(asJson(shown), 2) : draw(shown));
    if (!options.watch) {
      console.log(render(await read()));
      return 0;
    }
    const interrupt = interrupted();
    let before = '';
    while (!interrupt.signal.aborted) {
      const now = render(await read());
      if (now !== before) console.log(process.stdout.isTTY ? `${CLEAR}${now}` : `${before === '' ? '' : '\n'}${now}`);
      before = now;
      await wait(WATCH_MS, undefined, { signal: interrupt.signal }).catch(() => undefined);
    }
    interrupt.done();
    return 0;
  });
}

async function readShown(client: Stack['client'], options: SeeOptions, ended: number): Promise<Shown> {
  const { trouble, ...filter } = options;
  const [open, past] = await Promise.all([
    readFleet(client, filter, { which: 'open' }),
    readFleet(client, filter, { which: 'ended', most: ended }),
  ]);
  const now = Date.now();
  const isWrong = (run: (typeof open)[number]): boolean =>
    Boolean(run.card?.trouble) || stalledFor(run, now) !== undefined;
  return {
    open: trouble ? open.filter(isWrong) : open,
    ended: trouble ? [] : past,
    now,
    columns: process.stdout.isTTY ? process.stdout.columns : undefined,
  };
}
