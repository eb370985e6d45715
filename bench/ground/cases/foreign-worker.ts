/**
 * What a stranger's worker in the same namespace can do: schedule our activities, or continue as our types.
 * Rule: the stranger has no key of the workers and no approver's signature.
 */
import type { GroundCase } from '../case.ts';
import { approve, branches, ending, needs, newId, settle, start, work } from '../acts.ts';

/** Runs one of the stranger's workflows to its end; returns its result, or its failure's message. */
async function runForeign(stack: Parameters<typeof start>[0], type: string, input: object): Promise<string> {
  const taskQueue = await stack.foreignWorker();
  const handle = await stack.client.workflow.start(type, { taskQueue, workflowId: newId(), args: [input] });
  return await handle.result().then(
    (result) => JSON.stringify(result),
    (error: unknown) => {
      const cause = (error as { cause?: { cause?: Error; message?: string } }).cause;
      return `refused: ${cause?.cause?.message ?? cause?.message ?? String(error)}`;
    },
  );
}

export const foreignWorker: GroundCase[] = [
  {
    name: "a stranger's workflow can't deliver a branch",
    against: 'a foreign worker',
    about: 'The activity `deliver` pushes what its input says.',
    attempt: async (ground) => {
      const stack = await ground.stack({ script: work('echo new > a/new.txt') });
      const repository = await ground.repository();
      const base = await ground.git(repository, 'rev-parse', 'HEAD');
      const handle = await start(stack, { repository });
      await approve(handle, 'plan@1');
      const { line: commit } = await settle(handle, needs('delivery@1'));
      const input = { repository, base, commit, branch: 'release-9', baseBranch: 'main' };
      const saw = await runForeign(stack, 'callActivity', { type: 'deliver', queue: stack.taskQueue, args: [input] });
      const names = await branches(ground, repository);
      return { held: !names.includes('release-9'), saw: `${saw}; branches: ${names.join(' ')}` };
    },
  },
  {
    name: "a stranger's workflow can't run a setup with a network",
    against: 'a foreign worker',
    about: 'The activity `runChecks` runs commands that its input names, with the network that its input names.',
    attempt: async (ground) => {
      const stack = await ground.stack();
      const repository = await ground.repository();
      const base = await ground.git(repository, 'rev-parse', 'HEAD');
      await settle(await start(stack, { repository }), needs('plan@1'));
      const setup = { command: 'echo ran', network: true };
      const input = { repository, base, commit: base, checks: ['echo RAN AS CHECK'], setup };
      const queue = `${stack.taskQueue}-workspace`;
      const saw = await runForeign(stack, 'callActivity', { type: 'runChecks', queue, args: [input] });
      return { held: !saw.includes('RAN AS CHECK'), saw };
    },
  },
  {
    name: "a stranger's workflow can't go on as a refactor with a state of its own",
    against: 'a foreign worker',
    about: 'A refactor that continues as new takes its state from its input.',
    attempt: async (ground) => {
      const stack = await ground.stack();
      const id = newId();
      const taskQueue = await stack.foreignWorker();
      const state = { id, input: { repository: await ground.repository() }, branch: 'release-9' };
      const input = { type: 'refactor', queue: stack.taskQueue, args: [{ state }] };
      await stack.client.workflow.start('continueAs', { taskQueue, workflowId: id, args: [input] });
      const end = await ending(stack.client.workflow.getHandle(id), 20_000);
      return { held: end === 'FAILED', saw: `the run is ${end}` };
    },
  },
];
