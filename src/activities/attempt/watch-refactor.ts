/**
 * Asks Temporal whether the refactor that an activity works for is still open: `temporal workflow terminate` does not
 * tell its agents.
 * Rule: one lookup serves all activities of a refactor on a worker. A refactor that can't be looked up counts as open.
 */
import type { WorkflowClient, WorkflowExecutionStatusName } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/common';

/** A command runs at most this long after its refactor was closed. */
const LOOK_EVERY_MS = 3000;
/** Most refactors whose last lookup is in memory. */
const MAX_CACHED = 1000;
const CLOSED: readonly WorkflowExecutionStatusName[] = ['COMPLETED', 'FAILED', 'CANCELLED', 'TERMINATED', 'TIMED_OUT'];

const looks = new Map<string, { at: number; isClosed: Promise<boolean> }>();

/** Fires `signal` once the refactor is closed. Without a refactor the signal never fires and the client is not used. */
export function watchRefactor(
  context: { client: { workflow: WorkflowClient } },
  refactor: string | undefined,
): { signal: AbortSignal; end: () => void } {
  const controller = new AbortController();
  if (refactor === undefined) return { signal: controller.signal, end: () => undefined };
  const look = (): void =>
    void isClosed(context.client, refactor).then((closed) => {
      if (closed) controller.abort(new Error(`${refactor} is closed`));
    });
  look();
  const timer = setInterval(look, LOOK_EVERY_MS);
  return { signal: controller.signal, end: () => clearInterval(timer) };
}

async function isClosed({ workflow }: { workflow: WorkflowClient }, id: string): Promise<boolean> {
  const now = performance.now();
  const last = looks.get(id);
  if (last && now - last.at < LOOK_EVERY_MS) return await last.isClosed;
  const found = workflow
    .getHandle(id)
    .describe()
    .then(({ status }) => CLOSED.includes(status.name))
    .catch((error: unknown) => error instanceof WorkflowNotFoundError);
  looks.delete(id);
  looks.set(id, { at: now, isClosed: found });
  const [oldest] = looks.keys();
  if (looks.size > MAX_CACHED && oldest !== undefined) looks.delete(oldest);
  return await found;
}
