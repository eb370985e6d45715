import { readdirSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { runInContext } from 'node:vm';
import type { Context } from 'node:vm';
import { parseWorkflowCode } from '@temporalio/worker/lib/worker.js';
import { ReusableVMWorkflowCreator } from '@temporalio/worker/lib/workflow/reusable-vm.js';
import { expect, test } from 'vitest';
import { bundleWorkflows } from '../../src/stack/bundle-workflows.ts';

test('the bundle of the workflows is made once for the same sources', async () => {
  const { codePath } = await bundleWorkflows();
  const made = await stat(codePath);
  expect(await readFile(codePath, 'utf8')).toContain('sourceMappingURL');
  expect(await bundleWorkflows()).toEqual({ codePath });
  expect((await stat(codePath)).ino).toBe(made.ino);
});

/** Reads every exported schema with values that it accepts or refuses; gives the schemas that broke, and their count. */
const USE_ALL_SCHEMAS = `(ids) => {
  const samples = [undefined, null, 1, 'a1', 'x@y', '2026-01-01', '2026-01-01T00:00:00Z', 'a'.repeat(40), [], ['a'], {},
    { a: 'b' }, { v: 1, kind: 'act', key: 'k' }, { name: 'a', publicKey: 'ssh-ed25519 AAAA' }, { by: 'a', expiresAt: '' },
    { commands: { rules: [{ id: 'a b', match: 'x', then: 'deny' }] }, approvers: { groups: { 'a': ['b'] } } }];
  const seen = new Set();
  const broken = [];
  let count = 0;
  const visit = (value, path) => {
    if (typeof value !== 'object' || value === null || seen.has(value)) return;
    seen.add(value);
    if (!('_zod' in value)) return Object.keys(value).forEach((name) => visit(value[name], path + '.' + name));
    count += 1;
    if (!Object.isFrozen(value)) broken.push(path + ' is not frozen');
    for (const sample of [...samples, ...samples]) {
      try { value.safeParse(sample); value.optional().nullable().safeParse([sample]); }
      catch (error) { broken.push(path + ': ' + error.message); return; }
    }
  };
  for (const id of ids) visit(globalThis.__webpack_module_cache__[id]?.exports, id);
  return { broken, count };
}`;

test('core is loaded once for all workflows of a worker, and its schemas work although they are shared', async () => {
  const { codePath: filename } = await bundleWorkflows();
  const code = await readFile(filename, 'utf8');
  const creator = await ReusableVMWorkflowCreator.create(parseWorkflowCode(code, filename), 60_000, new Set());
  const context = (creator as unknown as { context: Context }).context;
  const core = fileURLToPath(new URL('../../src/core/', import.meta.url));
  const files = readdirSync(core, { recursive: true, encoding: 'utf8' }).filter((name) => /(?<!\.d)\.ts$/.test(name));
  const ids = files.map((name) => `./src/core/${name}`);
  const shared = runInContext('(ids) => ids.filter((id) => globalThis.__webpack_module_cache__[id])', context) as (
    ids: string[],
  ) => string[];
  expect(shared(ids)).toEqual(ids);
  const use = runInContext(USE_ALL_SCHEMAS, context) as (ids: string[]) => { broken: string[]; count: number };
  const { broken, count } = use(ids);
  expect(broken).toEqual([]);
  expect(count).toBeGreaterThan(40);
  const isFrozen = runInContext(
    '(id, name) => Object.isFrozen(globalThis.__webpack_module_cache__[id].exports[name])',
    context,
  );
  expect(isFrozen('./src/core/agent/tools.ts', 'TOOLS')).toBe(true);
  await creator.destroy();
});
