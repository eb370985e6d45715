import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { RefactorResult } from '../../src/core/refactor/state.ts';
import { updates } from '../../src/workflows/messages.ts';
import type { Script } from './harness.ts';
import { approve, approveAll, finish, makeRepository, onePlan, planned, shell, startCrew, until } from './harness.ts';

function working(command: string): Script {
  return ({ task, turn }) => {
    if (task === 'plan') return planned(onePlan({ id: 'a', paths: ['a/**'] }));
    return turn < 2 ? shell(command) : finish();
  };
}

/** A table in which the scripted model has a price. */
async function prices(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'coxswain-prices-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'prices.json');
  const scripted = { inputPerMillionUsd: 1, cachedInputPerMillionUsd: 0.1, outputPerMillionUsd: 10 };
  await writeFile(file, JSON.stringify({ scripted }));
  return file;
}

test('a budget of money is kept by the configured prices, and asked for at its end; without a price nothing starts', async () => {
  const policy = { budget: { usd: 0.4 } };
  const repository = await makeRepository();
  const unpriced = await startCrew(working('date >> a/one.txt'));
  const refused = await unpriced.start({ repository, policy });
  await expect(refused.result()).rejects.toMatchObject({
    cause: { type: 'PrepareFailed', message: expect.stringContaining('but no price for scripted') },
  });
  expect(unpriced.model.requests).toEqual([]);
  const crew = await startCrew(working('date >> a/one.txt'), { env: { COXSWAIN_PRICES: await prices() } });
  const handle = await crew.start({ repository, policy });
  const { spend } = await approveAll(handle);
  expect(spend.costUsd).toBeGreaterThan(0);
  expect(spend.costUsd).toBeLessThan(0.4);
  // What one call may cost at most is more than there is.
  const poor = await crew.start({ repository, policy: { budget: { usd: 0.15 } } });
  const { needs } = await until(poor, (now) => now.needs.length > 0);
  expect(needs).toMatchObject([
    { id: 'budget@1', kind: 'budget', about: expect.stringMatching(/^\$0\.00 of \$0\.1500 are spent/) },
  ]);
  await approve(poor, 'budget@1');
  await approve(poor, 'plan@1');
  await poor.executeUpdate(updates.stop, { args: [{}] });
});

test('a budget of time ends in a question, and the agents go on when there is more', async () => {
  const crew = await startCrew(working('sleep 2; date >> a/one.txt'));
  const handle = await crew.start({ repository: await makeRepository(), policy: { budget: { minutes: 0.05 } } });
  for (let round = 1; ; round++) {
    const { needs } = await until(handle, (now) => now.needs.length > 0);
    const { id = '', kind } = needs[0] ?? {};
    await approve(handle, id);
    if (kind === 'delivery') break;
    if (round > 20) throw new Error(`asked again and again: ${id}`);
  }
  const { report } = (await handle.result()) as RefactorResult;
  expect(report).toMatch(/- `time@1: approved by ann/);
});
