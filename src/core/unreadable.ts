/**
 * The sentinel that stands for a payload that could not be decoded, or that says a field twice.
 * Rule: it is plain data, so that handlers can refuse it instead of the workflow task failing for ever.
 */

/** What the payload converter returns for what must not be read: bytes that are no JSON, or the field named twice. */
export interface Unreadable {
  coxswainUnreadable: true;
  twice?: string;
}

/** Why an input can't be read, as a sentence's end; undefined where it can. */
export function describeUnreadable(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || !('coxswainUnreadable' in value)) return undefined;
  const { twice } = value as Unreadable;
  return twice === undefined ? 'is not readable JSON' : `says the field ${JSON.stringify(twice)} twice: say it once`;
}

/** A text, or what stands between texts. */
const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\]:]/g;

/** The first field that an object of this JSON says twice; a parser would take the last and drop the others. */
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
