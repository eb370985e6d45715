/**
 * A terminal for a test: a tmux server of its own with one pane, whose keys are pressed and whose screen is read.
 * Rule: it is a real terminal of a given size; a test waits for what it shows, never for a time.
 */
import { randomUUID } from 'node:crypto';
import { execa } from 'execa';
import { expect, onTestFinished } from 'vitest';

export interface TestTerminal {
  /** What the screen shows now. */
  screen(): Promise<string>;
  /** Waits until the screen shows a text; says the whole screen if it never does. */
  shows(text: string | RegExp, timeoutMs?: number): Promise<void>;
  /** Presses keys by tmux's names, such as `a`, `Enter`, `Down`, `C-c`. */
  press(...keys: string[]): Promise<void>;
  /** Types a text. */
  type(text: string): Promise<void>;
  resize(columns: number, rows: number): Promise<void>;
  /** What tmux knows of the pane, by a format such as `#{alternate_on}`. */
  ask(format: string): Promise<string>;
}

/** Opens a terminal of this size in which a shell waits for commands. */
export async function openTerminal(size: { columns: number; rows: number }): Promise<TestTerminal> {
  const server = `cox-${randomUUID().slice(0, 8)}`;
  const tmux = async (...args: string[]): Promise<string> =>
    (await execa('tmux', ['-L', server, '-f', '/dev/null', ...args], { env: { TMUX: '' } })).stdout;
  const { columns, rows } = size;
  await tmux('new-session', '-d', '-x', String(columns), '-y', String(rows), 'PS1="ready> " exec sh');
  await tmux('set-option', '-g', 'escape-time', '0');
  onTestFinished(async () => {
    await tmux('kill-server').catch(() => undefined);
  });
  const screen = async (): Promise<string> => await tmux('capture-pane', '-p');
  const terminal: TestTerminal = {
    screen,
    shows: async (text, timeoutMs = 60_000) => {
      const is = async (): Promise<string> => await screen();
      await expect
        .poll(is, { timeout: timeoutMs, interval: 200 })
        [typeof text === 'string' ? 'toContain' : 'toMatch'](text as string & RegExp);
    },
    press: async (...keys) => {
      for (const key of keys) await tmux('send-keys', key);
    },
    type: async (text) => {
      await tmux('send-keys', '-l', text);
    },
    resize: async (width, height) => {
      await tmux('resize-window', '-x', String(width), '-y', String(height));
    },
    ask: async (format) => await tmux('display-message', '-p', format),
  };
  await terminal.shows('ready>');
  return terminal;
}
