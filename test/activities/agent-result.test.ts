/** Only what the hub shows of an agent's result is integrated, whatever the agent reports. */
import { describe, expect, test } from 'vitest';
import type { IntegrateInput } from '../../src/core/refactor/exchange.ts';
import { commitTree } from '../../src/git/write/commit-tree.ts';
import { treeOf } from '../../src/git/objects/tree-of.ts';
import { addCommit, temporaryFolder } from '../sandbox/sandbox-host.ts';
import { place } from './warrant-place.ts';
import type { Result } from './integrated-result.ts';
import { FILES, integrate, keep, resultOf, SPENT } from './integrated-result.ts';

type Claimed = NonNullable<IntegrateInput['result']>;
const claim = ({ input }: Result, change: Partial<Claimed>): Claimed => ({ ...(input.result as Claimed), ...change });

test('a result that agrees with the hub is integrated', async () => {
  const result = await resultOf(await place({}, FILES), { 'a.txt': 'two\n' });
  const outcome = await integrate(result);
  expect(outcome).toMatchObject({ kind: 'merged', changed: 1 });
  expect(outcome).not.toHaveProperty('took');
});

test('a frozen attempt that stores its evidence late does not change the reported evidence', async () => {
  const result = await resultOf(await place({}, FILES), { 'a.txt': 'two\n' });
  const late = await keep(result.at, result.head, 'npm test', true, 'the output of another attempt');
  expect(late[0]?.log).not.toBe(result.input.result?.evidence[0]?.log);
  expect(await integrate(result)).toMatchObject({ kind: 'merged' });
});

describe('a result is not integrated', () => {
  test('if its head is on no chain of its agent', async () => {
    const result = await resultOf(await place({}, FILES), { 'a.txt': 'two\n' });
    const { store, base } = result.at;
    const tree = await treeOf(store, addCommit(temporaryFolder(), store, { ...FILES, 'a.txt': 'evil\n' }));
    const head = await commitTree(store, { tree, parents: [base], message: 'elsewhere\n' });
    expect(await integrate(result, { head })).toMatchObject({
      kind: 'untrue',
      reason: expect.stringContaining('no ref'),
    });
  });

  test('if it names the agent of another task or refactor', async () => {
    const result = await resultOf(await place({}, FILES), { 'a.txt': 'two\n' });
    for (const change of [{ agent: 'other/a.1' }, { task: 'b' }])
      expect(await integrate(result, { result: claim(result, change) })).toMatchObject({ kind: 'untrue' });
  });

  test('if its evidence is not in the hub', async () => {
    const result = await resultOf(await place({}, FILES), { 'a.txt': 'two\n' });
    const [kept] = result.input.result?.evidence ?? [];
    if (!kept) throw new Error('no evidence');
    const invented = [{ ...kept, command: 'npm run lint' }];
    expect(await integrate(result, { result: claim(result, { evidence: invented }) })).toMatchObject({
      kind: 'untrue',
      reason: expect.stringContaining('npm run lint'),
    });
    expect(await integrate(result, { result: claim(result, { checks: ['npm run lint'] }) })).toMatchObject({
      kind: 'untrue',
      reason: expect.stringContaining('not green'),
    });
    const red = await keep(result.at, result.head, 'npm test', false);
    expect(red).toMatchObject([{ green: false }]);
    for (const log of [red[0]?.log ?? result.head, result.head])
      expect(await integrate(result, { result: claim(result, { evidence: [{ ...kept, log }] }) })).toMatchObject({
        kind: 'untrue',
      });
    expect(await integrate(result, { result: claim(result, { evidence: red }) })).toMatchObject({ kind: 'untrue' });
  });

  test('if the report says less was spent than the chain shows, the chain counts', async () => {
    const result = await resultOf(await place({}, FILES), { 'a.txt': 'two\n' });
    const spends = [
      { ...SPENT, inputTokens: 0 },
      { ...SPENT, acts: Number.NaN },
      { ...SPENT, modelCalls: 'many' as unknown as number },
    ];
    for (const spend of spends)
      expect(await integrate(result, { result: claim(result, { spend }) })).toMatchObject({
        kind: 'merged',
        took: SPENT,
      });
  });
});
