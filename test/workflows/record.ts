/**
 * Keeps the histories of a test's runs as files to replay, where RECORD_HISTORIES names a folder; otherwise it does
 * nothing.
 * Rule: recorded histories are only ever added, under a new version's name; none is recorded again. Stack
 * traces name files of the project without the folder that it is in.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT, temporal } from './harness.ts';

/** Writes the history of each workflow as `<name>.json`. */
export async function recordHistories(names: Record<string, string>): Promise<void> {
  const folder = process.env['RECORD_HISTORIES'];
  if (!folder) return;
  await mkdir(folder, { recursive: true });
  for (const [name, workflowId] of Object.entries(names)) {
    const history = await temporal('workflow', 'show', '--workflow-id', workflowId, '--output', 'json');
    await writeFile(join(folder, `${name}.json`), `${history.replaceAll(ROOT, '')}\n`);
  }
}
