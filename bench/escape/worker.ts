/**
 * The worker of one trial: the process that starts the sandbox, with the fake home and the secret in its environment.
 * Rule: it handles one message of the bench at a time, and reports every failure instead of dying.
 */
import type { RunnerName } from './attack.ts';
import type { Ran } from './run-program.ts';
import type { Runner, Session, Settings, TrialPlaces } from './runner.ts';
import { codex } from './runners/codex.ts';
import { coxswain } from './runners/coxswain.ts';
import { none } from './runners/none.ts';
import { sandboxRuntime } from './runners/sandbox-runtime.ts';

/** A message from the bench to its worker. */
export type Request =
  | { kind: 'open'; runner: RunnerName; places: TrialPlaces; settings: Settings }
  | { kind: 'run'; command: string; timeoutMs: number }
  | { kind: 'patch'; patch: string }
  | { kind: 'finish'; check: string | undefined; timeoutMs: number }
  | { kind: 'close' };

/** The worker's response, one for each request. */
export type Answer =
  | { kind: 'opened'; opened: Session['opened'] }
  | { kind: 'ran'; ran: Ran }
  | { kind: 'finished'; output: string; check?: Ran }
  | { kind: 'closed' }
  | { kind: 'trouble'; reason: string };

const RUNNERS: Record<RunnerName, Runner> = {
  coxswain,
  codex,
  'codex-strict': codex,
  'sandbox-runtime': sandboxRuntime,
  'sandbox-runtime-strict': sandboxRuntime,
  none,
};

let session: Session | undefined;

async function answer(request: Request): Promise<Answer> {
  if (request.kind === 'open') {
    session = await RUNNERS[request.runner].open(request.places, request.settings);
    return { kind: 'opened', opened: session.opened };
  }
  if (!session) throw new Error('nothing is open');
  switch (request.kind) {
    case 'run':
      return { kind: 'ran', ran: await session.run(request.command, request.timeoutMs) };
    case 'patch':
      if (!session.patch) throw new Error('this runner has no file tool');
      return { kind: 'ran', ran: await session.patch(request.patch) };
    case 'finish':
      return { kind: 'finished', ...(await session.finish(request.check, request.timeoutMs)) };
    case 'close':
      await session.close();
      return { kind: 'closed' };
  }
}

process.on('message', (request: Request) => {
  answer(request)
    .catch((error: unknown): Answer => {
      const reason = error instanceof Error ? error.message : String(error);
      return { kind: 'trouble', reason };
    })
    .then((said) => process.send?.(said))
    .catch(() => process.exit(1));
});
process.on('disconnect', () => process.exit(0));
