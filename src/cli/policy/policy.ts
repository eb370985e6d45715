/**
 * `cox policy`: the policy in force for a run, or the one that a folder's layers would make, field by field with its
 * source; and the schema of policy files.
 * Rule: what it explains is read by the very code that the worker reads it with.
 */
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { z } from 'zod';
import type { Config } from '../../config.ts';
import { readConfig } from '../../config.ts';
import { escapeForPeople as safe } from '../../core/text/escape.ts';
import type { EffectivePolicy } from '../../core/policy/policy.ts';
import { listFields } from '../../core/policy/policy.ts';
import { policyFileSchema } from '../../core/policy/file.ts';
import { readLayers, REPOSITORY_POLICY } from '../../policy/read-layers.ts';
import { readText } from '../../policy/read-policy-file.ts';
import { updates } from '../../workflows/messages.ts';
import type { Action } from '../command/action.ts';
import { addExample } from '../command/help.ts';
import { addQuery, hasField } from '../command/query.ts';
import type { SendOptions } from '../command/verb.ts';
import { addVerb, sendMessage } from '../command/verb.ts';

export function addPolicy(program: Command, action: Action): void {
  const policy = addQuery(program, action, 'policy', (answer) =>
    hasField(answer, 'gates') ? showPolicy(answer as EffectivePolicy) : undefined,
  );
  const explained = policy
    .command('explain')
    .description('the same for a working copy, before any run')
    .argument('[repository]', 'a working copy', '.')
    .option('--team <name>', "apply this team's layer too, if no team lists the repository")
    .option('--address <url>', 'the address by which runs name the repository (default: its path)')
    .action(
      action(
        async (folder: string, options: { team?: string; address?: string }) =>
          await explain(readConfig(), folder, options),
      ),
    );
  addExample(explained, ['.', '--team', 'payments']);
  const schema = policy
    .command('schema')
    .description('the JSON schema of policy files, for editors')
    .action(
      action(async () => {
        console.log(policyFileJsonSchema());
        return await Promise.resolve(0);
      }),
    );
  addExample(schema, []);
  addVerb(policy, updates.adoptPolicy, 'adopt').action(
    action(async (id: string, options: SendOptions) => await sendMessage(updates.adoptPolicy, id, {}, options)),
  );
}

async function explain(
  config: Config,
  folder: string,
  { team, address }: { team?: string; address?: string },
): Promise<number> {
  const repository = await readText(join(folder, REPOSITORY_POLICY)).catch(() => undefined);
  const sources = { folder: config.policies, team, address: address ?? resolve(folder), repository, run: undefined };
  const layers = await readLayers(sources);
  if (layers.kind === 'ok') console.log(showPolicy(layers.policy));
  else for (const problem of layers.problems) console.error(safe(problem));
  return layers.kind === 'ok' ? 0 : 1;
}

/** Each field, its value and the layer that it came from, as columns. */
export function showPolicy(policy: EffectivePolicy): string {
  const rows = listFields(policy).map(({ name, value, from }) => [name, JSON.stringify(value), from] as const);
  const width = Math.max(...rows.map(([name]) => name.length));
  const wide = Math.max(...rows.map(([, value]) => value.length));
  return rows.map(([name, value, from]) => `${name.padEnd(width)}  ${safe(value).padEnd(wide)}  ${from}`).join('\n');
}

/** The schema of policy files as JSON. */
export function policyFileJsonSchema(): string {
  const schema = z.toJSONSchema(policyFileSchema, { io: 'input' });
  return JSON.stringify({ ...schema, title: 'Coxswain policy' }, null, 2);
}
