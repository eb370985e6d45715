/**
 * What the pages have in common: what they read from, how they are shown and kept live, and how results are told.
 * Rule: each kind of page adds its own addresses, so that no file knows all of them.
 */
import type { Client } from '@temporalio/client';
import type { Context } from 'hono';
import { ClientFailure } from '../client/client-failure.ts';
import type { Visitor } from './door.ts';
import type { Desk } from './forms.ts';
import type { HubReader } from './hub-reader.ts';
import type { Html, Part, Told } from './layout.ts';
import { renderPart } from './layout.ts';

export type Visit = Context<Visitor>;

export interface Pages {
  client: Client;
  reader: HubReader;
  deskOf: (visit: Visit) => Desk;
  /** A whole page; `live` is the address that tells changes of its parts, `said` what became of what was just sent. */
  show: (visit: Visit, title: string, body: Html, live?: string, said?: Told) => Promise<Response>;
  /** Keeps a result for the page to which the browser goes next; gives the key by which that page shows it. */
  keep: (told: Told) => string;
  /** The parts of a kind of page, by its name in the address of its live parts. */
  live: Map<string, (visit: Visit) => Promise<Part[]>>;
}

/** The run that an address names. */
export function idOf(visit: Visit): string {
  const id = visit.req.query('id');
  if (id === undefined || id === '')
    throw new ClientFailure('bad-input', 'this address names no run: it ends with ?id=…');
  return id;
}

export async function renderParts(parts: readonly Part[]): Promise<Html[]> {
  return await Promise.all(parts.map(renderPart));
}
