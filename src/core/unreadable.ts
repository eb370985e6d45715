/**
 * Stands for a payload that could not be decoded, or that names a field twice.
 * Rule: it is plain data, so that a handler can refuse it. An error in the converter would fail the workflow task for
 * ever.
 */

/** Returned by the payload converter for bytes that are not JSON, and for JSON that names a field twice. */
export interface Unreadable {
  coxswainUnreadable: true;
  twice?: string;
}

/** Why an input can't be read, as the end of a sentence; undefined if it can. */
export function describeUnreadable(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || !('coxswainUnreadable' in value)) return undefined;
  const { twice } = value as Unreadable;
  return twice === undefined ? 'is not readable JSON' : `names the field ${JSON.stringify(twice)} twice: name it once`;
}

/** A string, a bracket or a colon. */
const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\]:]/g;

/** The first field that an object in this JSON names twice. A parser would take the last one and drop the others. */
export function findRepeatedField(json: string): string | undefined {
  const open: Set<string>[] = [];
  let last = '';
  for (const [token] of json.matchAll(TOKEN)) {
    if (token === '{' || token === '[') open.push(new Set());
    else if (token === '}' || token === ']') open.pop();
    else if (token !== ':') last = token;
    else {
      const name = JSON.parse(last) as string;
      const fields = open.at(-1);
      if (fields?.has(name)) return name;
      fields?.add(name);
    }
  }
  return undefined;
}
