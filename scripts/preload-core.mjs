/**
 * Runs once in a worker's workflow context, before any workflow: loads core and its packages, which all workflows then
 * share. Without it each workflow evaluates all schemas again, which takes 3 MB of memory and some milliseconds each.
 * Rule: what is loaded here keeps no state. Temporal freezes what these modules export, level by level, until it meets
 * something frozen. A schema makes its parts on first use, so it must not be frozen any deeper than by its own surface.
 */
import * as zod from 'zod';

// The patterns of zod's formats: zod sets the position of a pattern before each use.
Object.freeze(zod.core.regexes);

// Temporal's bundler lists no folders of a folder, so each room is named; a test counts the files.
const rooms = [
  import.meta.webpackContext('../src/core', { regExp: /(?<!\.d)\.ts$/ }),
  import.meta.webpackContext('../src/core/agent', { regExp: /(?<!\.d)\.ts$/ }),
  import.meta.webpackContext('../src/core/budget', { regExp: /(?<!\.d)\.ts$/ }),
  import.meta.webpackContext('../src/core/commands', { regExp: /(?<!\.d)\.ts$/ }),
  import.meta.webpackContext('../src/core/decisions', { regExp: /(?<!\.d)\.ts$/ }),
  import.meta.webpackContext('../src/core/effects', { regExp: /(?<!\.d)\.ts$/ }),
  import.meta.webpackContext('../src/core/policy', { regExp: /(?<!\.d)\.ts$/ }),
  import.meta.webpackContext('../src/core/refactor', { regExp: /(?<!\.d)\.ts$/ }),
  import.meta.webpackContext('../src/core/review', { regExp: /(?<!\.d)\.ts$/ }),
  import.meta.webpackContext('../src/core/text', { regExp: /(?<!\.d)\.ts$/ }),
  import.meta.webpackContext('../src/core/upkeep', { regExp: /(?<!\.d)\.ts$/ }),
  import.meta.webpackContext('../src/core/views', { regExp: /(?<!\.d)\.ts$/ }),
];
const seen = new WeakSet();
for (const room of rooms) for (const name of room.keys()) visit(room(name));

/** Finds the schemas among exported values. */
function visit(value) {
  if (typeof value !== 'object' || value === null || seen.has(value)) return;
  seen.add(value);
  if ('_zod' in value) freezeSurface(value);
  else for (const name of Object.keys(value)) visit(value[name]);
}

/** Makes all methods and properties of a schema, since it can't add them later, and freezes it without its parts. */
function freezeSurface(schema) {
  for (let at = schema; at !== Object.prototype && at !== null; at = Object.getPrototypeOf(at)) {
    for (const name of Object.getOwnPropertyNames(at)) void schema[name];
  }
  Object.freeze(schema);
}
