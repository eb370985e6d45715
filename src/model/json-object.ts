/**
 * A JSON object from outside: what a server sent, or a schema.
 * Rule: nothing is known of its fields before each is looked at.
 */

export type JsonObject = Record<string, unknown>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
