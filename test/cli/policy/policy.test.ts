import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { policyFileJsonSchema, showPolicy } from '../../../src/cli/policy/policy.ts';
import { policyOf } from '../../core/builders.ts';
import { ROOT } from '../../tidy/source-files.ts';

test('a policy is shown field by field, with value and layer', () => {
  const lines = showPolicy(policyOf({ maxParallelAgents: 2 })).split('\n');
  expect(lines.map((line) => line.split(/\s+/))).toEqual(
    expect.arrayContaining([
      ['gates.plan', '"ask"', 'built-in'],
      ['maxParallelAgents', '2', 'run'],
    ]),
  );
});

test('the published schema of policy files is that of the code', async () => {
  const published: unknown = JSON.parse(await readFile(join(ROOT, 'docs/policy.schema.json'), 'utf8'));
  expect(published).toEqual(JSON.parse(policyFileJsonSchema()));
});
