/**
 * What the tools of `cox mcp` share: the client, the name that they act under, and which decisions they have shown.
 * Rule: a tool decides only what this server has shown whole, by its digest.
 */
import type { CallToolResult } from '@modelcontextprotocol/server';
import type { Client } from '@temporalio/client';
import { digestValue } from '../../core/digest.ts';
import { escapeForPeople } from '../../core/text/escape.ts';
import type { NeedView } from '../../core/views/status.ts';
import type { HubSettings } from '../../git/remote/hub-store.ts';

export interface ToolContext {
  client: Client;
  hub: HubSettings;
  taskQueue: string;
  /** The name that tools act under. Policy gives it rights, as it gives them to people. */
  actor: string;
  /** The person of this machine: what is confirmed in their client counts as theirs. */
  user: string;
  /** The actor's own SSH key, with which its messages are signed where policy lists approvers. */
  key: string | undefined;
  shown: ShownDecisions;
  /** What a command of `cox` does, in the words of its help. */
  describe: (command: string) => string;
  /** A line that a person types to run `cox` with these words. */
  line: (words: readonly string[]) => string;
}

/** Most decisions that a server remembers as shown; an older one has to be looked at again. */
const MAX_SHOWN = 1000;

/** The decisions that one server has shown. */
export class ShownDecisions {
  readonly #keys = new Set<string>();

  add(run: string, need: Pick<NeedView, 'id' | 'digest'>): void {
    this.#keys.add(keyOf(run, need));
    for (const oldest of [...this.#keys].slice(0, -MAX_SHOWN)) this.#keys.delete(oldest);
  }

  has(run: string, need: Pick<NeedView, 'id' | 'digest'>): boolean {
    return this.#keys.has(keyOf(run, need));
  }
}

function keyOf(run: string, { id, digest }: Pick<NeedView, 'id' | 'digest'>): string {
  return digestValue([run, id, digest]);
}

/** A tool's answer. */
export function toolText(text: string): CallToolResult {
  return { content: [{ type: 'text', text }] };
}

/** A tool's answer that says why nothing was done. */
export function refusal(reason: string): CallToolResult {
  return { ...toolText(escapeForPeople(reason)), isError: true };
}

/** Runs a tool's body. What fails becomes an answer that says why. */
export async function guard<T>(body: () => Promise<T>): Promise<T | CallToolResult> {
  try {
    return await body();
  } catch (error) {
    return refusal(error instanceof Error ? error.message : String(error));
  }
}
