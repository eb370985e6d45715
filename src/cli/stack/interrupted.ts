/**
 * Ctrl-C and SIGTERM as a value that commands wait for.
 * Rule: the first signal ends a command in order; the command leaves nothing running.
 */

export interface Interrupt {
  signal: AbortSignal;
  /** Settles when the process was asked to end. */
  happened: Promise<undefined>;
  /** Gives the signals back to their defaults. */
  done(): void;
}

/** Takes over SIGINT, SIGTERM and SIGHUP until `done`. */
export function interrupted(): Interrupt {
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const name of names) process.on(name, abort);
  const happened = new Promise<undefined>((resolve) => {
    controller.signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
  return {
    signal: controller.signal,
    happened,
    done: () => {
      for (const name of names) process.off(name, abort);
    },
  };
}
