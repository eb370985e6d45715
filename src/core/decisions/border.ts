/**
 * Checks what comes in: names that could be mistaken for others, and hidden characters in texts that are used
 * unchanged.
 * Rule: each problem names the field and says what to do. A run's own state is never checked here.
 */
import type { Message, StartInput } from './messages.ts';
import type { Plan } from '../plan.ts';
import { findUnseen } from '../text/harmless.ts';
import { findNameProblem } from '../text/names.ts';

/** Problems of a start's input, and of its workflow id. */
export function findStartProblems(id: string, input: StartInput): string[] {
  const { repository, base, branch, team, campaign, requestedBy, checks, setup } = input;
  return [
    ...name('the workflow id', id),
    ...name('branch', branch),
    ...name('team', team),
    ...name('campaign', campaign),
    ...name('requestedBy', requestedBy),
    ...asItStands('repository', repository),
    ...asItStands('base', base),
    ...asItStands('setup', setup),
    ...checks.flatMap((check, index) => asItStands(`checks.${index}`, check)),
  ];
}

/** Problems of a message's texts. */
export function findMessageProblems(message: Message): string[] {
  const signer = 'signer' in message ? message.signer : undefined;
  const plan = message.verb === 'revisePlan' ? findPlanTextProblems(message.plan) : [];
  const branch = 'branch' in message ? name('branch', message.branch) : [];
  const paths = message.verb === 'approve' ? (message.leaveOut ?? []) : [];
  const leftOut = paths.flatMap((path) => asItStands(`leaveOut: ${JSON.stringify(path)}`, path));
  const setup = message.verb === 'resume' ? asItStands('setup', message.setup) : [];
  return [...name('by', message.by), ...name('signer', signer), ...branch, ...plan, ...setup, ...leftOut];
}

/** Problems of a plan's texts. */
export function findPlanTextProblems({ tasks }: Plan): string[] {
  return tasks.flatMap(({ id, title, paths, checks }) => [
    ...(title.includes('\n') ? [`task "${id}": title has a line break: say the rest in its instructions`] : []),
    ...paths.flatMap((path) => asItStands(`task "${id}": path ${JSON.stringify(path)}`, path)),
    ...paths.flatMap((path) =>
      /[\r\n\t]/.test(path) ? [`task "${id}": path ${JSON.stringify(path)} has a line break or a tab`] : [],
    ),
    ...checks.flatMap((check) => asItStands(`task "${id}": check`, check)),
  ]);
}

function name(field: string, value: string | undefined): string[] {
  const problem = value === undefined ? undefined : findNameProblem(value);
  return problem === undefined ? [] : [`${field} ${problem}`];
}

function asItStands(field: string, value: string | undefined): string[] {
  const problem = value === undefined ? undefined : findUnseen(value);
  return problem === undefined ? [] : [`${field} ${problem}`];
}
