/**
 * The full screen of `cox watch`: reads the run again and again, draws it, and does what keys ask for.
 * Rule: leaving it, in whatever way, leaves the run as it is and the terminal as it was.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { Key } from 'ink';
import { render, useApp, useInput, usePaste, useWindowSize } from 'ink';
import type { ReactElement } from 'react';
import { createElement as h, useSyncExternalStore } from 'react';
import { explainFailures } from '../../client/client-failure.ts';
import { queryRun } from '../../client/refactors.ts';
import { readSnapshot } from '../../client/snapshot.ts';
import type { Snapshot } from '../../client/snapshot.ts';
import { boundsOf } from '../../core/policy/bounds.ts';
import { rulesOf } from '../../core/policy/decision-fields.ts';
import { asLine as safe } from '../../core/text/lines.ts';
import type { NeedView, RefactorStatus } from '../../core/views/status.ts';
import { refactorQueries } from '../../workflows/messages.ts';
import type { Supervision } from '../person/supervise.ts';
import { RunScreen } from './draw.ts';
import type { Doing } from './perform.ts';
import { perform, readWhole } from './perform.ts';
import type { Press, Ui, Wish } from './ui.ts';
import { FIRST_UI, markSeen, press, refresh, SEEN_MS } from './ui.ts';
import type { Beside, ScreenView } from './view.ts';
import { viewRun } from './view.ts';

/** Between two looks: a few queries and one look at each agent's activities. */
const LOOK_MS = 700;

/** How the screen was left. */
export interface Left {
  status: RefactorStatus;
  by: 'person' | 'end';
}

/** A supervision with the hub, which differences and conversations are read from. */
export type ScreenSupervision = Supervision & Doing;

interface Shown {
  view: ScreenView;
  ui: Ui;
  whole: string | undefined;
}

/** Shows a refactor until it ends, the person leaves, or the watching is aborted (then undefined). */
export async function superviseOnScreen(supervision: ScreenSupervision, cursor?: string): Promise<Left | undefined> {
  const { client, id, signal } = supervision;
  const [{ startTime }, policy] = await Promise.all([
    explainFailures(id, () => client.workflow.getHandle(id).describe()),
    queryRun(client, id, refactorQueries.policy),
  ]);
  const bounds = boundsOf(policy);
  const beside = (): Beside => ({
    startedAt: startTime.getTime(),
    tokens: bounds.tokens ? policy.budget.tokens.value : undefined,
    usd: bounds.usd ? policy.budget.usd?.value : undefined,
    now: Date.now(),
  });
  const first = await readSnapshot(client, id);
  const run = new RunOnScreen(supervision, first, beside, rulesOf(policy).signatures === 'required', cursor);
  const instance = render(h(App, { run }), {
    // This command has looked at the terminal itself; a CI server may give it one too.
    interactive: true,
    alternateScreen: true,
    exitOnCtrlC: false,
    patchConsole: false,
    incrementalRendering: true,
  });
  try {
    await Promise.race([run.follow(), run.left, aborted(signal)]);
    return run.result();
  } finally {
    run.close();
    instance.unmount();
    await instance.waitUntilExit();
  }
}

async function aborted(signal: AbortSignal | undefined): Promise<void> {
  if (!signal || signal.aborted) return signal ? undefined : await new Promise(() => undefined);
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

/** The state behind the screen: the newest snapshot and the person's place in it. */
class RunOnScreen {
  readonly #supervision: Doing;
  readonly #beside: () => Beside;
  readonly #isSigned: boolean;
  readonly #watchers = new Set<() => void>();
  readonly #closed = new AbortController();
  #snapshot: Snapshot;
  #shown: Shown;
  #result: Left | undefined;
  #leave: () => void = () => undefined;
  readonly left = new Promise<void>((resolve) => (this.#leave = resolve));

  constructor(supervision: Doing, snapshot: Snapshot, beside: () => Beside, isSigned: boolean, cursor?: string) {
    this.#supervision = supervision;
    this.#beside = beside;
    this.#isSigned = isSigned;
    this.#snapshot = snapshot;
    this.#shown = { view: viewRun(snapshot, beside()), ui: { ...FIRST_UI, cursor }, whole: undefined };
  }

  readonly subscribe = (watcher: () => void): (() => void) => {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  };

  readonly read = (): Shown => this.#shown;

  result(): Left | undefined {
    return this.#result;
  }

  close(): void {
    this.#closed.abort();
  }

  /** Looks again and again until the run ends. */
  async follow(): Promise<void> {
    const { client, id } = this.#supervision;
    while (!this.#closed.signal.aborted) {
      try {
        this.#snapshot = await readSnapshot(client, id, this.#snapshot);
        const view = viewRun(this.#snapshot, this.#beside());
        this.#show({ view, ui: refresh(this.#shown.ui, view) });
        if (view.end !== null) {
          this.#result = { status: this.#snapshot.status, by: 'end' };
          return;
        }
      } catch (error) {
        // A worker may be restarting: the screen stays and says so.
        this.#say(error instanceof Error ? error.message : String(error));
      }
      await wait(LOOK_MS, undefined, { signal: this.#closed.signal }).catch(() => undefined);
    }
  }

  /** What a key does. `suspend` gives the terminal away for as long as a pager has it. */
  readonly press = (pressed: Press, suspend: (body: () => Promise<void>) => Promise<void>): void => {
    const before = this.#shown.ui.mode;
    const { ui, wish } = press(this.#shown.ui, this.#shown.view, pressed);
    this.#show({ ui, ...(ui.mode.kind === 'list' ? { whole: undefined } : {}) });
    if (ui.mode.kind === 'decide' && before.kind !== 'decide') void this.#load(ui.mode.need);
    if (wish) void this.#perform(wish, suspend);
  };

  async #load(need: NeedView): Promise<void> {
    setTimeout(() => this.#show({ ui: markSeen(this.#shown.ui, need) }), SEEN_MS).unref();
    const whole = await readWhole(this.#supervision, need).catch(() => undefined);
    const { mode } = this.#shown.ui;
    if (mode.kind === 'decide' && mode.need === need) this.#show({ whole });
  }

  async #perform(wish: Wish, suspend: (body: () => Promise<void>) => Promise<void>): Promise<void> {
    if (wish.do === 'leave') {
      this.#result = { status: this.#snapshot.status, by: 'person' };
      this.#leave();
      return;
    }
    const isPaged = wish.do === 'difference' || wish.do === 'conversation';
    if (!isPaged) this.#say('sending…');
    try {
      let said = '';
      const body = async (): Promise<void> => {
        said = await perform(this.#supervision, wish);
      };
      // A signature may ask for a passphrase, on this terminal.
      await (isPaged || this.#isSigned ? suspend(body) : body());
      this.#say(said);
    } catch (error) {
      this.#say(error instanceof Error ? error.message : String(error));
    }
  }

  #say(text: string): void {
    this.#show({ ui: { ...this.#shown.ui, said: safe(text) } });
  }

  #show(changed: Partial<Shown>): void {
    this.#shown = { ...this.#shown, ...changed };
    for (const watcher of this.#watchers) watcher();
  }
}

function App({ run }: { run: RunOnScreen }): ReactElement {
  const { suspendTerminal } = useApp();
  const size = useWindowSize();
  const shown = useSyncExternalStore(run.subscribe, run.read);
  const suspend = async (body: () => Promise<void>): Promise<void> => await suspendTerminal(body);
  useInput((text, key) => run.press(toPress(text, key), suspend));
  usePaste((text) => run.press({ text }, suspend));
  return h(RunScreen, { ...shown, size });
}

function toPress(text: string, key: Key): Press {
  if (key.ctrl) return key.ctrl && text === 'c' ? { text: '', key: 'interrupt' } : { text: '' };
  const names = { up: key.upArrow, down: key.downArrow, pageUp: key.pageUp, pageDown: key.pageDown } as const;
  const moved = (Object.keys(names) as (keyof typeof names)[]).find((name) => names[name]);
  if (moved) return { text: '', key: moved };
  if (key.return) return { text: '', key: 'enter' };
  if (key.escape) return { text: '', key: 'escape' };
  if (key.backspace || key.delete) return { text: '', key: 'backspace' };
  return key.tab || key.meta ? { text: '' } : { text };
}
