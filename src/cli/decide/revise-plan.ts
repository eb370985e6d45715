/**
 * `cox revise-plan`: replaces the plan of a refactor by that of a JSON file.
 * Rule: a field that the file says twice is an error; what does not fit is the run's to refuse, in its words.
 */
import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import type { MessageFields } from '../../core/decisions/messages.ts';
import { findRepeatedField } from '../../core/unreadable.ts';
import { updates } from '../../workflows/messages.ts';
import type { Action } from '../command/action.ts';
import type { SendOptions } from '../command/verb.ts';
import { addVerb, sendMessage } from '../command/verb.ts';

interface Options extends SendOptions {
  planVersion: number;
}

export function addRevisePlan(program: Command, action: Action): void {
  addVerb(program, updates.revisePlan, 'revise-plan')
    .argument('<file>', 'JSON; `cox plan <id> --json` prints the present one as its field `plan`')
    .requiredOption('--plan-version <n>', 'the version that it replaces', readVersion)
    .action(
      action(async (id: string, file: string, { planVersion: version, ...sending }: Options) => {
        return await sendMessage(updates.revisePlan, id, { version, plan: await readPlan(file) }, sending);
      }),
    );
}

function readVersion(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('It takes a whole number: `cox plan <id> --json` shows it.');
  return Number(text);
}

async function readPlan(file: string): Promise<MessageFields<'revisePlan'>['plan']> {
  try {
    const text = await readFile(file, 'utf8');
    const plan: unknown = JSON.parse(text);
    const twice = findRepeatedField(text);
    if (twice !== undefined) throw new Error(`it names the field ${JSON.stringify(twice)} twice: name it once`);
    return plan as MessageFields<'revisePlan'>['plan'];
  } catch (error) {
    throw new Error(`${file} can't be read as JSON: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}
