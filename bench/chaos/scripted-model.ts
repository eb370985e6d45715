/**
 * The model servers of a chaos run, one for each model worker, with one ledger of all requests.
 * Rule: a request counts as paid when it arrives. The call id of every response is its number in the ledger, so the
 * checkpoints show which responses were stored.
 */
import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { ParsedRequest, ResponsesServer } from '../../src/offline/server/responses-server.ts';
import { startResponsesServer } from '../../src/offline/server/responses-server.ts';
import type { Turn } from './scripted-work.ts';
import { answerTurn, readTurn } from './scripted-work.ts';

/** One request as it arrived. */
export interface Asked extends Turn {
  number: number;
  /** The model worker that asked. */
  worker: string;
  at: number;
  /** SHA-256 of the request's body: two attempts of one think send the same bytes. */
  hash: string;
}

export interface ScriptedModel {
  ledger: Asked[];
  /** The base URL for a worker, by which its requests are recognised. */
  urlOf(worker: string): string;
  /** Duration of responses from now on, in milliseconds, so that a disturbance can hit one under way. */
  setPace(answerMs: number): void;
  close(): Promise<void>;
}

const USUAL_MS = 120;
/** Delay of a repeated request's response, so that a frozen first attempt can wake up while its successor waits. */
const AGAIN_MS = 3000;

/** Starts a server for each worker; `onAsked` is called when a request arrives. */
export async function startScriptedModel(
  workers: readonly string[],
  onAsked: (asked: Asked) => void,
): Promise<ScriptedModel> {
  const ledger: Asked[] = [];
  let answerMs = USUAL_MS;
  const answer = async (worker: string, request: ParsedRequest): Promise<{ items: ReturnType<typeof answerTurn> }> => {
    const turn = readTurn(request);
    const hash = createHash('sha256').update(request.body).digest('hex').slice(0, 16);
    const asked: Asked = { ...turn, number: ledger.length, worker, at: Date.now(), hash };
    const isAgain = ledger.some((earlier) => earlier.hash === hash);
    ledger.push(asked);
    onAsked(asked);
    await delay(isAgain ? AGAIN_MS : answerMs);
    return { items: answerTurn(turn, callIdOf(asked.number)) };
  };
  const servers = new Map<string, ResponsesServer>();
  for (const worker of workers) {
    servers.set(worker, await startResponsesServer({ answer: (request) => answer(worker, request), keptRequests: 1 }));
  }
  return {
    ledger,
    urlOf: (worker) => servers.get(worker)?.url ?? '',
    setPace: (ms) => (answerMs = Math.max(ms, USUAL_MS)),
    close: async () => void (await Promise.all([...servers.values()].map((server) => server.close()))),
  };
}

const PREFIX = 'call_n';

function callIdOf(number: number): string {
  return `${PREFIX}${number}`;
}

/** The ledger's number in a call id. */
export function numberOf(callId: string): number {
  return Number(callId.slice(PREFIX.length));
}
