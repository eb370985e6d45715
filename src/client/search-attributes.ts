/**
 * Registers and checks Coxswain's search attributes on a Temporal server.
 * Rule: a worker starts only where `findMissingSearchAttributes` is empty, since a workflow that writes an unregistered
 * one is stuck until somebody registers it.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { Connection } from '@temporalio/client';
import type { SearchAttributeType } from '../core/search-attributes.ts';
import { SEARCH_ATTRIBUTES } from '../core/search-attributes.ts';

/** `found` is the number of the other type that the server has under that name; it must be removed there first. */
export interface MissingSearchAttribute {
  name: string;
  type: SearchAttributeType;
  found?: number;
}

/** Temporal's own numbers (`temporal.api.enums.v1.IndexedValueType`). */
const TYPE_NUMBERS: Record<SearchAttributeType, number> = { Keyword: 2, KeywordList: 7 };
/** A cluster's caches see a new attribute within its refresh interval. */
const VISIBLE_TIMEOUT_MS = 60_000;
const POLL_MS = 100;

/** Which attributes the namespace lacks, or has with another type. */
export async function findMissingSearchAttributes(
  connection: Connection,
  namespace: string,
): Promise<MissingSearchAttribute[]> {
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  const missing: MissingSearchAttribute[] = [];
  for (const [name, type] of Object.entries(SEARCH_ATTRIBUTES)) {
    const found = customAttributes?.[name];
    if (found === undefined || found === null) missing.push({ name, type });
    else if (found !== TYPE_NUMBERS[type]) missing.push({ name, type, found });
  }
  return missing;
}

/** Registers what is missing and waits until the server shows it. Returns what could not be: names of another type. */
export async function registerSearchAttributes(
  connection: Connection,
  namespace: string,
): Promise<MissingSearchAttribute[]> {
  const missing = await findMissingSearchAttributes(connection, namespace);
  const absent = missing.filter((attribute) => attribute.found === undefined);
  if (absent.length > 0) {
    await connection.operatorService.addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(absent.map(({ name, type }) => [name, TYPE_NUMBERS[type]])),
    });
  }
  const deadline = Date.now() + VISIBLE_TIMEOUT_MS;
  for (;;) {
    const left = await findMissingSearchAttributes(connection, namespace);
    if (left.every((attribute) => attribute.found !== undefined)) return left;
    if (Date.now() > deadline) {
      const names = left.map(({ name }) => name).join(', ');
      throw new Error(
        `the search attributes ${names} were registered in ${namespace}, but the server does not show them`,
      );
    }
    await wait(POLL_MS);
  }
}

/** The `temporal` command that registers one attribute, for people whose server gives Coxswain no right to. */
export function registerCommand(attribute: MissingSearchAttribute, namespace: string): string {
  return `temporal operator search-attribute create --namespace ${namespace} --name ${attribute.name} --type ${attribute.type}`;
}
