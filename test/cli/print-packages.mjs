/** Loaded before a program: prints to standard error, when it ends, which packages it loaded. */
import { registerHooks } from 'node:module';

const loaded = new Set();
registerHooks({
  load(url, context, next) {
    const [, name] = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url) ?? [];
    if (name) loaded.add(name);
    return next(url, context);
  },
});
process.on('exit', () => console.error(`packages: ${[...loaded].join(' ')}`));
