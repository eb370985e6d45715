/**
 * Sealed payloads that a stranger copies from a history, which everybody in the namespace may read, and sends
 * elsewhere.
 * Rule: nothing is forged here; a seal that is valid in one place must not count in another.
 */
import { RawValue } from '@temporalio/common';
import type { WorkflowHandle } from '@temporalio/client';
import type { GroundCase } from '../case.ts';
import { approve, branches, ending, needs, newId, planned, settle, shell, finish, start, work } from '../acts.ts';

type Events = NonNullable<Awaited<ReturnType<WorkflowHandle['fetchHistory']>>['events']>;

async function eventsOf(handle: WorkflowHandle): Promise<Events> {
  return (await handle.fetchHistory()).events ?? [];
}

const raw = (payloads: unknown): unknown[] =>
  ((payloads ?? []) as Parameters<typeof RawValue.fromPayload>[0][]).map((one) => RawValue.fromPayload(one));

export const payloads: GroundCase[] = [
  {
    name: "an agent's sealed start that was copied starts no second agent",
    against: 'a starter',
    about: "The input of a run's agent, seal and all, is the input of a new workflow of the stranger.",
    attempt: async (ground) => {
      const stack = await ground.stack({ script: work('echo new > a/new.txt') });
      const handle = await start(stack, { repository: await ground.repository() });
      await approve(handle, 'plan@1');
      await settle(handle, needs('delivery@1'));
      const [first] = await eventsOf(stack.client.workflow.getHandle(`${handle.workflowId}/a.1`));
      const args = raw(first?.workflowExecutionStartedEventAttributes?.input?.payloads);
      if (args.length === 0) throw new Error('the agent has no input');
      const asked = stack.requests().length;
      const workflowId = newId();
      const copy = await stack.client.workflow.start('agent', { taskQueue: stack.taskQueue, workflowId, args });
      const end = await ending(copy, 10_000);
      const more = stack.requests().length - asked;
      return { held: more === 0 && end !== 'COMPLETED', saw: `the copy is ${end}; ${more} more model calls` };
    },
  },
  {
    name: "an agent's sealed report that was copied speaks for no other run",
    against: 'a sender',
    about: 'What the agent of one run reported is signalled to a run whose agent of the same task still works.',
    attempt: async (ground) => {
      let release = (): void => undefined;
      const stop = new Promise<void>((resolve) => (release = resolve));
      let begun = 0;
      const stack = await ground.stack({
        script: async ({ task, turn }) => {
          if (task === 'plan') return planned({ id: 'a', paths: ['a/**'] });
          if (turn > 0) return finish();
          begun += 1;
          if (begun > 1) await stop;
          return shell('echo new > a/new.txt');
        },
      });
      const repository = await ground.repository();
      const first = await start(stack, { repository });
      await approve(first, 'plan@1');
      await settle(first, needs('delivery@1'));
      const second = await start(stack, { repository });
      await approve(second, 'plan@1');
      await settle(second, () => begun > 1);
      let sent = 0;
      for (const event of await eventsOf(first)) {
        const signal = event.workflowExecutionSignaledEventAttributes;
        if (!signal?.signalName) continue;
        sent += 1;
        await second.signal(signal.signalName, ...raw(signal.input?.payloads));
      }
      const status = await settle(second, needs('delivery@1'), 8000);
      release();
      if (sent === 0) throw new Error('the first run heard no signal');
      const [task] = status['tasks'] ?? [];
      const held = !needs('delivery@1')(status) && task?.status !== 'integrated' && task?.status !== 'finished';
      return { held, saw: `${sent} signals sent; the task is ${task?.status}, the run ${status['state']}` };
    },
  },
  {
    name: "a run's sealed start and state that were copied deliver nothing",
    against: 'a starter',
    about: "All results of a run's activities, seals and all, are tried as the state with which a refactor goes on.",
    attempt: async (ground) => {
      const stack = await ground.stack({ script: work('echo new > a/new.txt') });
      const repository = await ground.repository();
      const handle = await start(stack, { repository });
      await approve(handle, 'plan@1');
      await settle(handle, needs('delivery@1'));
      const events = await eventsOf(handle);
      const copies = events.flatMap((event) => [
        event.activityTaskScheduledEventAttributes?.input?.payloads,
        event.startChildWorkflowExecutionInitiatedEventAttributes?.input?.payloads,
      ]);
      const tried = copies.filter((one) => (one ?? []).length > 0);
      if (tried.length === 0) throw new Error('nothing to copy');
      const ends: string[] = [];
      for (const one of tried) {
        const options = { taskQueue: stack.taskQueue, workflowId: newId(), args: raw(one) };
        const copy = await stack.client.workflow.start('refactor', options);
        ends.push(await ending(copy, 3000));
      }
      const names = await branches(ground, repository);
      const held = names.length === 1 && ends.every((end) => end !== 'COMPLETED');
      return { held, saw: `${ends.join(' ')}; branches: ${names.join(' ')}` };
    },
  },
];
