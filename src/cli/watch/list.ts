/**
 * `cox list`: the refactors that the server knows, with what each needs.
 * Rule: it reads search attributes only, so that it works without a worker.
 */
import type { Command } from 'commander';
import { asLine as safe } from '../../core/text/lines.ts';
import type { Action } from '../command/action.ts';
import { addExample } from '../command/help.ts';
import { withStack } from '../stack/open-stack.ts';

const QUERY = "WorkflowType = 'refactor'";

export function addList(program: Command, action: Action): void {
  const command = program.command('list').description('refactors, newest first').action(action(list));
  addExample(command, [], [['temporal', 'workflow', 'list', '--query', QUERY]]);
}

async function list(): Promise<number> {
  return await withStack(async ({ client }) => {
    for await (const { workflowId, startTime, status, searchAttributes } of client.workflow.list({ query: QUERY })) {
      const attributes = searchAttributes as Record<string, string[] | undefined>;
      // A run that was terminated could not say so itself.
      const isOwn = status.name === 'RUNNING' || status.name === 'COMPLETED';
      const state = (isOwn ? attributes['CoxState']?.[0] : undefined) ?? status.name.toLowerCase();
      const needs = (attributes['CoxNeeds'] ?? []).join(', ');
      console.log(
        `${safe(workflowId).padEnd(24)} ${safe(state).padEnd(16)} ${startTime.toISOString()} ${needs ? `needs ${safe(String(needs))}` : ''}`,
      );
    }
    return 0;
  });
}
