/**
 * Inputs that could make rules and detectors hang: calls, patterns, lockfiles.
 * Rule: a whole worker judges them, and another run has to make progress meanwhile.
 */
import type { GroundCase, Script, Stack, Ground, Verdict } from '../case.ts';
import type { Status, Task } from '../acts.ts';
import { approve, ending, finish, needs, planned, settle, shell, start } from '../acts.ts';

/** One task on all paths, whose agent makes this call. */
const calls =
  (command: string): Script =>
  ({ task, turn }) =>
    task === 'plan' ? planned({ id: 'a', paths: ['**'] }) : turn === 0 ? shell(command) : finish();

/** Whether a second run reaches its plan while the first is at work. */
async function othersGoOn(stack: Stack, ground: Ground): Promise<boolean> {
  const other = await start(stack, { repository: await ground.repository() });
  return needs('plan@1')(await settle(other, needs('plan@1'), 60_000));
}

function hostileCall(name: string, command: string): GroundCase {
  return {
    name: `a call can't stop its judge: ${name}`,
    against: 'an agent',
    about: 'The answer is stored before it is judged, so each retry on each worker would judge it again.',
    attempt: async (ground): Promise<Verdict> => {
      const stack = await ground.stack({ script: calls(command) });
      const handle = await start(stack, { repository: await ground.repository() });
      await approve(handle, 'plan@1');
      // A read-only call may be allowed; then it runs, and its task ends without a change.
      const wasJudged = (now: Status): boolean =>
        needs('a/call@1')(now) || needs('delivery@1')(now) || now['state'] === 'failed';
      const isJudged = wasJudged(await settle(handle, wasJudged, 60_000));
      const goesOn = isJudged && (await othersGoOn(stack, ground));
      return { held: goesOn, saw: `the call is ${isJudged ? 'judged' : 'not judged in a minute'}` };
    },
  };
}

function hostilePlan(name: string, pattern: string): GroundCase {
  return {
    name: `a plan's pattern can't stop a worker: ${name}`,
    against: 'an agent',
    about: 'A workflow that matches for ever blocks all workflows of its worker.',
    attempt: async (ground): Promise<Verdict> => {
      const long = `${'a'.repeat(60)}/${'a/'.repeat(40)}b`;
      const tasks: Task[] = [
        { id: 'a', paths: [pattern] },
        { id: 'b', paths: [long] },
      ];
      let plans = 0;
      const script: Script = ({ task, turn }) => {
        if (task !== 'plan') return turn === 0 ? shell(`mkdir -p "$(dirname ${long})" && echo x > ${long}`) : finish();
        plans += 1;
        return plans === 1 ? planned(...tasks) : planned({ id: 'a', paths: ['a/**'] });
      };
      const stack = await ground.stack({ script });
      const handle = await start(stack, { repository: await ground.repository() });
      const opened = await settle(handle, needs('plan@1'), 45_000);
      if (needs('plan@1')(opened))
        await handle.executeUpdate('approve', { args: [{ decision: 'plan@1' }] }).catch(() => undefined);
      const goesOn = await othersGoOn(stack, ground);
      return { held: goesOn, saw: goesOn ? 'other runs go on' : 'other runs stand still' };
    },
  };
}

export const judges: GroundCase[] = [
  hostileCall('find in find in find …', `find . ${'-exec find . '.repeat(18)}`),
  hostileCall('4,600 times find', `find . ${'-exec find . '.repeat(4600)}`),
  hostileCall('20,000 redirections', `echo x ${'> a/x '.repeat(9000)}`),
  hostileCall('a thousand shells in shells', `${'sh -c "'.repeat(800)}true${'"'.repeat(800)}`),
  hostileCall('deep substitutions', `${'echo $('.repeat(2000)}true${')'.repeat(2000)}`),
  hostilePlan('(a+)+b', '(a+)+b'),
  hostilePlan('nested extglobs', '+(a+(a+(a)))b'),
  hostilePlan('many stars', `${'*a'.repeat(30)}b`),
  hostilePlan('many double stars', `${'**/a/'.repeat(25)}c`),
  {
    name: "a start's protected paths can't stop a worker",
    against: 'a starter',
    about: 'The pattern reaches the same matcher without any approval.',
    attempt: async (ground) => {
      const stack = await ground.stack({ script: calls(`mkdir -p b && echo x > b/${'a'.repeat(60)}c`) });
      const policy = { protectedPaths: ['**/+(a+(a+(a)))b', '**/(a+)+b'] };
      const handle = await start(stack, { repository: await ground.repository(), policy });
      const status = await settle(handle, needs('plan@1'), 20_000);
      if (needs('plan@1')(status)) await handle.executeUpdate('approve', { args: [{ decision: 'plan@1' }] });
      await ending(handle, 10_000);
      const goesOn = await othersGoOn(stack, ground);
      return { held: goesOn, saw: goesOn ? 'other runs go on' : 'other runs stand still' };
    },
  },
  {
    name: "a lockfile nested 20,000 deep can't stop its judge",
    against: 'an agent',
    about: 'The checkpoint is there before its files are judged, so each retry would fail again.',
    attempt: async (ground) => {
      const command = `node -e 'const n=20000;require("fs").writeFileSync("package-lock.json", "{\\"a\\":".repeat(n)+"1"+"}".repeat(n))' || python3 -c 'open("package-lock.json","w").write("{\\"a\\":"*20000+"1"+"}"*20000)'`;
      const stack = await ground.stack({ script: calls(command) });
      const handle = await start(stack, {
        repository: await ground.repository({ 'package-lock.json': '{}', 'package.json': '{}' }),
      });
      await approve(handle, 'plan@1');
      const status = await settle(handle, ({ needs: open, hold }) => hold || open?.length > 0, 60_000);
      const held = (status['needs'] ?? []).length > 0;
      return { held, saw: held ? `asks: ${status['needs'][0].id}` : 'the step never ends' };
    },
  },
];
