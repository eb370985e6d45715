import { readFile, stat } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { bundleWorkflows } from '../../src/stack/bundle-workflows.ts';

test('the bundle of the workflows is made once for the same sources', async () => {
  const { codePath } = await bundleWorkflows();
  const made = await stat(codePath);
  expect(await readFile(codePath, 'utf8')).toContain('sourceMappingURL');
  expect(await bundleWorkflows()).toEqual({ codePath });
  expect((await stat(codePath)).ino).toBe(made.ino);
});
