/**
 * What all commands that ask a run have in common: their help, and their answer as text or as JSON.
 * Rule: every answer is made harmless before it is printed: its texts may be of models or strangers.
 */
import type { Client } from '@temporalio/client';
import type { Command } from 'commander';
import { queryRun } from '../../client/refactors.ts';
import { QUERY_NOTES } from '../../core/decisions/message-notes.ts';
import { safeJson } from '../../core/text/escape.ts';
import type { RefactorQueryResults } from '../../workflows/messages.ts';
import { refactorQueries } from '../../workflows/messages.ts';
import { withStack } from '../stack/open-stack.ts';
import type { Action } from './action.ts';
import { addExample, EXAMPLE_ID } from './help.ts';

/** Lays an answer out for people. It gives no text for an answer that it doesn't know how to show. */
export type Render = (answer: unknown, run: { client: Client; id: string }) => string | undefined | Promise<string>;

/** Adds the command of a query. */
export function addQuery(program: Command, action: Action, name: keyof RefactorQueryResults, render?: Render): Command {
  const command = program
    .command(name)
    .description(QUERY_NOTES[name])
    .argument('<id>', 'the refactor, or one of its agents')
    .option('--json', 'as JSON')
    .action(
      action(async (id: string, { json }: { json?: boolean }) => {
        return await withStack(async ({ client }) => {
          const answer = await queryRun<unknown>(client, id, refactorQueries[name]);
          const shown = json === true ? undefined : await render?.(answer, { client, id });
          console.log(shown ?? safeJson(answer, 2));
          return 0;
        });
      }),
    );
  const same = ['temporal', 'workflow', 'query', '--workflow-id', EXAMPLE_ID, '--type', name];
  return addExample(command, [EXAMPLE_ID], [same]);
}

export function hasField(value: unknown, field: string): boolean {
  return typeof value === 'object' && value !== null && field in value;
}
