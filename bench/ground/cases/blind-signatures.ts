/**
 * Under required signatures: signatures that were made for something else, and messages without a signature.
 * Rule: the attacker never has the approver's key, and takes signatures from a history that everybody may read.
 */
import type { Ground, GroundCase, Stack } from '../case.ts';
import { readFile } from 'node:fs/promises';
import type { WorkflowHandle } from '@temporalio/client';
import { branches, ending, needs, newId, settle, start, work } from '../acts.ts';

async function signedStack(ground: Ground, ...commands: string[]): Promise<{ stack: Stack; key: string }> {
  const key = await ground.key('ann');
  const publicKey = (await readFile(`${key}.pub`, 'utf8')).trim();
  const approvers = `approvers: [{ name: ann, publicKey: "${publicKey}" }]`;
  const text = `version: 1\nlimits:\n  decisions: { signatures: required, ${approvers} }\n`;
  return { stack: await ground.stack({ policies: { 'organisation.yaml': text }, script: work(...commands) }), key };
}

/** The input of the first update that the run accepted. */
async function acceptedUpdate(handle: WorkflowHandle): Promise<Record<string, unknown>> {
  const { events } = await handle.fetchHistory();
  for (const event of events ?? []) {
    const input = event.workflowExecutionUpdateAcceptedEventAttributes?.acceptedRequest?.input;
    const data = input?.args?.payloads?.[0]?.data;
    if (input?.name === 'approve' && data) return JSON.parse(Buffer.from(data).toString()) as Record<string, unknown>;
  }
  throw new Error('no approval in the history');
}

const said = async (promise: Promise<unknown>): Promise<string> =>
  await promise.then(
    (answer) => JSON.stringify(answer ?? null).slice(0, 60),
    (error: Error) => `refused: ${(error.cause as Error | undefined)?.message ?? error.message}`.slice(0, 60),
  );

export const signatures: GroundCase[] = [
  {
    name: "a signature can't be moved to another run, another decision or another verdict",
    against: 'a sender',
    about:
      "The approval of one run's plan is read from its history and said again elsewhere, with every id it could need.",
    attempt: async (ground) => {
      const { stack, key } = await signedStack(ground, 'echo new > a/new.txt');
      const repository = await ground.repository();
      const first = await start(stack, { repository });
      const second = await start(stack, { repository });
      await settle(first, needs('plan@1'));
      await settle(second, needs('plan@1'));
      const signing = await stack.cox('approve', first.workflowId, 'plan@1', '--sign-with', key, '--by', 'ann');
      if (signing.exitCode !== 0) throw new Error(signing.output);
      const taken = await acceptedUpdate(first);
      await settle(first, needs('delivery@1'));
      const says = await Promise.all([
        said(second.executeUpdate('approve', { args: [taken] })),
        said(second.executeUpdate('reject', { args: [taken] })),
        said(first.executeUpdate('approve', { args: [{ ...taken, decision: 'delivery@1' }] })),
        said(first.executeUpdate('reject', { args: [{ ...taken, decision: 'delivery@1' }] })),
        said(first.executeUpdate('approve', { args: [{ ...taken, decision: 'delivery@1', id: newId() }] })),
        said(first.executeUpdate('reject', { args: [{ ...taken, decision: 'delivery@1', id: newId() }] })),
      ]);
      const open = [
        needs('delivery@1')(await settle(first, () => true)),
        needs('plan@1')(await settle(second, () => true)),
      ];
      return { held: open.every(Boolean), saw: `open: ${open.join(' ')}; ${says.join(' | ')}` };
    },
  },
  {
    name: "no name of a signer lets a stranger's key in",
    against: 'a sender',
    about:
      'Signers are looked up by name; names with blanks, wildcards and line ends are tried with a key of the attacker.',
    attempt: async (ground) => {
      const { stack } = await signedStack(ground, 'echo new > a/new.txt');
      const handle = await start(stack, { repository: await ground.repository() });
      await settle(handle, needs('plan@1'));
      const key = await ground.key('mallory');
      const publicKey = (await readFile(`${key}.pub`, 'utf8')).trim();
      const names = [
        'ann',
        '*',
        'ann,mallory',
        `ann\nmallory ${publicKey}`,
        `mallory ${publicKey}\n#`,
        '__proto__',
        '',
      ];
      const says: string[] = [];
      for (const name of names) {
        const ran = await stack.cox('approve', handle.workflowId, 'plan@1', '--sign-with', key, '--by', name);
        says.push(`${ran.exitCode} ${ran.output.trim().slice(0, 30)}`);
      }
      const isOpen = needs('plan@1')(await settle(handle, () => true));
      return { held: isOpen, saw: `plan@1 is ${isOpen ? 'open' : 'decided'}; ${says.join(' | ')}` };
    },
  },
  {
    name: 'nobody without a signature ends a run or its agent, in whatever form it is said',
    against: 'a sender',
    about: 'Signals and updates to the refactor and to its agent, as strings, as nothing, with a made-up signature.',
    attempt: async (ground) => {
      const { stack } = await signedStack(ground, 'echo new > a/new.txt');
      const handle = await start(stack, { repository: await ground.repository() });
      await settle(handle, needs('plan@1'));
      const planner = stack.client.workflow.getHandle(`${handle.workflowId}/plan.1`);
      const forms = [undefined, 'stop', null, { reason: 'x', by: 'ann' }, { by: 'ann', id: newId(), signature: 'x' }];
      for (const to of [handle, planner]) {
        for (const form of forms) {
          await said(to.signal('stop', form));
          await said(to.signal('forwarded', { kind: 'stop', ...(typeof form === 'object' ? form : {}) }));
        }
      }
      const update = await said(handle.executeUpdate('stop', { args: [{ by: 'ann', signature: '' }] }));
      const status = await settle(handle, (now) => now['state'] === 'stopped', 8000);
      const end = await ending(handle, 0);
      const held = end === 'RUNNING' && needs('plan@1')(status);
      return { held, saw: `the run is ${end}, ${status['state']}; the update: ${update}` };
    },
  },
  {
    name: "nobody without a signature takes the agents' work elsewhere",
    against: 'a sender',
    about:
      'Rewind, fork and resume with a commit, before the delivery, with the name of the approver and no signature.',
    attempt: async (ground) => {
      const { stack, key } = await signedStack(ground, 'echo new > a/new.txt');
      const repository = await ground.repository();
      const handle = await start(stack, { repository });
      await settle(handle, needs('plan@1'));
      await stack.cox('approve', handle.workflowId, 'plan@1', '--sign-with', key, '--by', 'ann');
      const before = await settle(handle, needs('delivery@1'));
      const base = String(before['base']);
      const by = 'ann';
      const says = [
        await said(handle.executeUpdate('rewind', { args: [{ task: 'a', to: 0, by }] })),
        await said(handle.executeUpdate('rewind', { args: [{ task: 'a', to: base, by }] })),
        await said(handle.executeUpdate('fork', { args: [{ task: 'a', text: 'do evil', by }] })),
        await said(handle.executeUpdate('resume', { args: [{ from: base, by }] })),
        await said(
          handle.executeUpdate('revisePlan', { args: [{ version: 1, plan: { summary: 'x', tasks: [] }, by }] }),
        ),
      ];
      await said(handle.signal('resume', { from: base, by }));
      const after = await settle(handle, (now) => now['line'] !== before['line'], 5000);
      const agents = (status: Record<string, any>): string => JSON.stringify(status['tasks']);
      const held = after['line'] === before['line'] && agents(after) === agents(before) && needs('delivery@1')(after);
      return { held, saw: `${after['state']}; ${says.join(' | ')}` };
    },
  },
  {
    name: 'signed decisions carry a run to its branch',
    against: 'a sender',
    about: 'The control: the approver signs the plan and the delivery by `cox`.',
    attempt: async (ground) => {
      const { stack, key } = await signedStack(ground, 'echo new > a/new.txt');
      const repository = await ground.repository();
      const handle = await start(stack, { repository });
      for (const decision of ['plan@1', 'delivery@1']) {
        await settle(handle, needs(decision));
        await stack.cox('approve', handle.workflowId, decision, '--sign-with', key, '--by', 'ann');
      }
      const end = await ending(handle);
      const names = await branches(ground, repository);
      return { held: names.length === 2, saw: `the run is ${end}; branches: ${names.join(' ')}` };
    },
  },
];
