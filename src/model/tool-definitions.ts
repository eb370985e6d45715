/**
 * Turns core's tools into function tools of the Responses API.
 * Rule: the same profile always gives the same bytes in the same order; otherwise no prompt cache would work.
 */
import type { FunctionTool } from 'openai/resources/responses/responses';
import { z } from 'zod';
import type { ToolSet } from '../core/agent/tools.ts';
import { TOOLS } from '../core/agent/tools.ts';
import type { JsonObject } from '../core/text/json.ts';
import { isObject } from '../core/text/json.ts';

/** Keywords that strict mode refuses. Core checks these limits itself in each call. */
const NOT_IN_STRICT = new Set(['minLength', 'maxLength', 'default']);

/** The function tools of a profile. */
export function defineTools(profile: ToolSet): FunctionTool[] {
  return Object.entries(TOOLS[profile]).map(([name, { description, schema }]) => {
    const { $schema: _, ...parameters } = z.toJSONSchema(schema, { io: 'input' }) as JsonObject;
    const strict = canBeStrict(parameters);
    return { type: 'function', name, description, parameters: strict ? dropKeywords(parameters) : parameters, strict };
  });
}

/** Strict mode needs objects without additional properties and with all fields required, at every depth. */
function canBeStrict(schema: unknown): boolean {
  if (Array.isArray(schema)) return schema.every(canBeStrict);
  if (!isObject(schema)) return true;
  if (schema['type'] === 'object') {
    const { properties, required, additionalProperties } = schema;
    const names = isObject(properties) ? Object.keys(properties) : [];
    if (additionalProperties !== false || !Array.isArray(required)) return false;
    if (!names.every((name) => required.includes(name))) return false;
  }
  return Object.values(schema).every(canBeStrict);
}

function dropKeywords(schema: JsonObject): JsonObject {
  return JSON.parse(
    JSON.stringify(schema, (key, value: unknown) => (NOT_IN_STRICT.has(key) ? undefined : value)),
  ) as JsonObject;
}
