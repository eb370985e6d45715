/**
 * Which policy applies, and who may decide, if a person who may start runs chooses base, team and name.
 * Rule: the worker has the organisation's files; the starter controls only the input of a start and their own key.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Ground, GroundCase, Stack } from '../case.ts';
import { branches, ending, needs, settle, start, work } from '../acts.ts';

const WORK = work('echo new > a/new.txt');

async function approver(ground: Ground, name: string): Promise<string> {
  const key = readFileSync(`${await ground.key(name)}.pub`, 'utf8').trim();
  return `{ name: ${name}, publicKey: "${key}" }`;
}

/** An organisation's policy: these people decide, with signatures. */
async function signedBy(ground: Ground, people: string[], rest = ''): Promise<Record<string, string>> {
  const approvers = await Promise.all(people.map(async (name) => await approver(ground, name)));
  const decisions = `signatures: required, approvers: [${approvers.join(', ')}]${rest}`;
  return { 'organisation.yaml': `version: 1\nlimits:\n  decisions: { ${decisions} }\n` };
}

async function whatBinds(stack: Stack, input: Record<string, unknown>): Promise<string> {
  const handle = await start(stack, input);
  const status = await settle(handle, ({ needs: open, hold }) => hold || open?.length > 0, 20_000);
  const policy = await handle.query('policy').catch(() => ({}));
  if (!needs('plan@1')(status)) return 'not started';
  return JSON.stringify(policy).includes('secrets/**') ? 'bound' : 'unbound';
}

const TEAM = 'version: 1\nlimits:\n  protectedPaths: [secrets/**]\n';

export const policy: GroundCase[] = [
  {
    name: 'a commit of a fork chooses no approvers',
    against: 'a starter',
    about: "The repository's policy was read from the run's base, and a base could be any commit.",
    attempt: async (ground) => {
      const stack = await ground.stack({ script: WORK });
      const repository = await ground.repository({
        'a/x': '',
        '.coxswain/policy.yaml': `version: 1\nlimits:\n  decisions: { signatures: required, approvers: [${await approver(ground, 'ann')}] }\n`,
      });
      await ground.git(repository, 'checkout', '-q', '--detach');
      await ground.git(repository, 'rm', '-q', '.coxswain/policy.yaml');
      await ground.git(repository, 'commit', '-q', '-m', 'no policy');
      const base = await ground.git(repository, 'rev-parse', 'HEAD');
      await ground.git(repository, 'update-ref', 'refs/pull/7/head', base);
      await ground.git(repository, 'checkout', '-q', 'main');
      const handle = await start(stack, { repository, base, branch: 'from-fork' });
      const status = await settle(handle, ({ hold, needs: open }) => hold || open?.length > 0, 20_000);
      if (needs('plan@1')(status)) {
        await handle.executeUpdate('approve', { args: [{ decision: 'plan@1', by: 'mallory' }] });
        if (needs('delivery@1')(await settle(handle, needs('delivery@1'), 20_000)))
          await handle.executeUpdate('approve', { args: [{ decision: 'delivery@1', by: 'mallory' }] });
        await ending(handle, 15_000);
      }
      const held = !(await branches(ground, repository)).includes('from-fork');
      return { held, saw: held ? 'no branch was made' : 'the branch from-fork was delivered' };
    },
  },
  ...['paymnts', 'Payments', '../payments'].map(
    (team): GroundCase => ({
      name: `a team's name without a file is no way out of limits: ${team}`,
      against: 'a starter',
      about: 'A missing file of a team was taken for a team without limits.',
      attempt: async (ground) => {
        const policies = { 'organisation.yaml': 'version: 1\n', 'teams/payments.yaml': TEAM };
        const stack = await ground.stack({ script: WORK, policies });
        const saw = await whatBinds(stack, { repository: await ground.repository(), team });
        return { held: saw !== 'unbound', saw };
      },
    }),
  ),
  {
    name: 'a team that exists binds its runs',
    against: 'a starter',
    about: 'The control for the cases above.',
    attempt: async (ground) => {
      const policies = { 'organisation.yaml': 'version: 1\n', 'teams/payments.yaml': TEAM };
      const stack = await ground.stack({ script: WORK, policies });
      const saw = await whatBinds(stack, { repository: await ground.repository(), team: 'payments' });
      return { held: saw === 'bound', saw };
    },
  },
  {
    name: 'a folder of policies that is not there stops the run',
    against: 'a starter',
    about: 'A worker with a mistyped COXSWAIN_POLICIES was a worker without an organisation.',
    attempt: async (ground) => {
      const env = { COXSWAIN_POLICIES: join(ground.folder, 'nowhere') };
      const up = await ground.stack({ script: WORK, env }).catch((error: unknown) => String(error));
      if (typeof up === 'string') return { held: /COXSWAIN_POLICIES|nowhere/.test(up), saw: 'cox up refuses' };
      const saw = await whatBinds(up, { repository: await ground.repository() });
      return { held: saw === 'not started', saw };
    },
  },
  {
    name: 'who requested a run is not what the start says where nobody approves their own',
    against: 'a starter',
    about: 'Ann starts as somebody else and then approves by her own key.',
    attempt: async (ground) => {
      const policies = await signedBy(ground, ['ann', 'bob'], ', selfApproval: deny');
      const stack = await ground.stack({ script: WORK, policies });
      const repository = await ground.repository();
      const handle = await start(stack, { repository, requestedBy: 'renovate-bot', branch: 'own' });
      const status = await settle(handle, needs('plan@1'), 20_000);
      if (!needs('plan@1')(status)) return { held: true, saw: `the start is ${await ending(handle, 5000)}` };
      const ran = await stack.cox(
        'approve',
        handle.workflowId,
        'plan@1',
        '--sign-with',
        await ground.key('ann'),
        '--by',
        'ann',
      );
      const after = await settle(handle, () => true);
      const held = needs('plan@1')(after);
      return { held, saw: held ? 'plan@1 is still open' : `plan@1: ${ran.output.slice(-100)}` };
    },
  },
  {
    name: 'where signatures are required, nobody ends a run by an unsigned message',
    against: 'a sender',
    about: 'stop, fork, rewind and the wheel undid what people had signed.',
    attempt: async (ground) => {
      const stack = await ground.stack({ script: WORK, policies: await signedBy(ground, ['ann']) });
      const handle = await start(stack, { repository: await ground.repository() });
      await settle(handle, needs('plan@1'));
      await handle.signal('stop', { by: 'ann', reason: 'no' });
      const end = await ending(handle, 8000);
      return { held: end === 'RUNNING', saw: `the run is ${end}` };
    },
  },
  {
    name: 'where signatures are required, nobody takes the wheel by an unsigned message',
    against: 'a sender',
    about: "A commit given with `resume` becomes the agent's tree.",
    attempt: async (ground) => {
      const policies = await signedBy(ground, ['ann']);
      policies['organisation.yaml'] += '  gates: { commands: ask }\n';
      const stack = await ground.stack({ script: WORK, policies });
      const repository = await ground.repository();
      const handle = await start(stack, { repository });
      await settle(handle, needs('plan@1'));
      await stack.cox('approve', handle.workflowId, 'plan@1', '--sign-with', await ground.key('ann'), '--by', 'ann');
      await settle(handle, needs('a/call@1'));
      const agent = stack.client.workflow.getHandle(`${handle.workflowId}/a.1`);
      const from = await ground.git(repository, 'rev-parse', 'HEAD');
      const answer = await agent.executeUpdate<{ kind: string; detail?: string }, [object]>('resume', {
        args: [{ from, by: 'ann' }],
      });
      return { held: answer.kind === 'refused', saw: `${answer.kind}: ${answer.detail ?? ''}` };
    },
  },
  {
    name: 'a signed approval still counts, by cox',
    against: 'a sender',
    about: 'The control: signed from goal to branch.',
    attempt: async (ground) => {
      const stack = await ground.stack({ script: WORK, policies: await signedBy(ground, ['ann']) });
      const repository = await ground.repository();
      const handle = await start(stack, { repository, branch: 'signed' });
      for (const decision of ['plan@1', 'delivery@1']) {
        await settle(handle, needs(decision));
        await stack.cox('approve', handle.workflowId, decision, '--sign-with', await ground.key('ann'), '--by', 'ann');
      }
      const end = await ending(handle);
      const held = end === 'COMPLETED' && (await branches(ground, repository)).includes('signed');
      return { held, saw: `${end}${held ? ', delivered' : ''}` };
    },
  },
];
