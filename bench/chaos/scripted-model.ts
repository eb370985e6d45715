/**
 * The model servers of a chaos run, one for each model worker, with one ledger of all that they were asked.
 * Rule: a request counts as paid from its arrival; every answer carries its number in the ledger as its call's id, so
 * that the checkpoints say which answers were stored.
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
  /** The base URL for a worker; its requests are known by it. */
  urlOf(worker: string): string;
  /** Milliseconds that answers take from now on, so that a blow can hit one on its way. */
  setPace(answerMs: number): void;
  close(): Promise<void>;
}

const USUAL_MS = 120;
/** What is asked again is answered late, so that a frozen first attempt may thaw while its successor still waits. */
const AGAIN_MS = 3000;

/** Starts a server for each worker; `onAsked` hears of each request as it arrives. */
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

/** The ledger's number of the answer that a call came with. */
export function numberOf(callId: string): number {
  return Number(callId.slice(PREFIX.length));
}
