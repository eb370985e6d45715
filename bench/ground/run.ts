/**
 * `npm run bench:ground`: tries every case against its own Coxswain, a few at a time, and prints a table of what held.
 * Rule: only a run of all cases on this tree is written to `bench/results/`.
 * Flags: `--only <part of a name>` (repeatable), `--tree <another checkout with its packages>` to try that one,
 * `--at-once <cases>`.
 */
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { loadCases } from './load.ts';
import { openGround } from './open-ground.ts';
import type { Row } from './table.ts';
import { renderTable, summary } from './table.ts';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
const CASE_TIMEOUT_MS = 900_000;

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    tree: { type: 'string', default: PROJECT },
    'at-once': { type: 'string', default: '3' },
  },
});
const tree = resolve(values.tree);
const cases = (await loadCases()).filter(({ name }) => values.only?.some((part) => name.includes(part)) ?? true);
if (cases.length === 0) throw new Error('no case has that name');
const rows: Row[] = [];
const queue = [...cases.entries()];
const work = async (): Promise<void> => {
  for (let next = queue.shift(); next; next = queue.shift()) {
    const [index, one] = next;
    const startedAt = performance.now();
    const row = await tryCase(one);
    rows[index] = row;
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    console.log(`${row.outcome.padEnd(6)} ${one.name}: ${row.saw} [${seconds} s]`);
  }
};
await Promise.all(Array.from({ length: Number(values['at-once']) }, work));
console.log(`\n${summary(rows)}`);
if (values.only === undefined && tree === PROJECT) {
  await writeFile(fileURLToPath(new URL('../results/ground.md', import.meta.url)), renderTable(rows));
  console.log('written to bench/results/ground.md');
}
process.exit(rows.every(({ outcome }) => outcome === 'held') ? 0 : 1);

async function tryCase(one: (typeof cases)[number]): Promise<Row> {
  const ground = await openGround(tree);
  const { name, against, blind } = one;
  try {
    const limit = new Promise<never>((_, reject) => {
      setTimeout(() => reject(new Error('not over in time')), CASE_TIMEOUT_MS).unref();
    });
    const { held, saw } = await Promise.race([one.attempt(ground), limit]);
    const text = saw.replaceAll(ground.folder, '…').replaceAll(/\s+/g, ' ').slice(0, 200);
    return { name, against, blind, outcome: held ? 'held' : 'FAILED', saw: text };
  } catch (error) {
    const text = String(error instanceof Error ? error.message : error);
    return { name, against, blind, outcome: 'broken', saw: text.replaceAll(ground.folder, '…').slice(0, 200) };
  } finally {
    await ground.close().catch((error: unknown) => console.error(`cleaning up after "${name}": ${String(error)}`));
  }
}
