/**
 * How the command line shows what an agent does at this moment, with the last lines of output.
 * Rule: pure. Output and words of models stay within their line, or have a mark before each line.
 */
import type { AgentNow } from '../../client/agent-now.ts';
import { showElapsed } from '../../core/text/durations.ts';
import { asBlock, asLine as safe } from '../../core/text/lines.ts';

/** What people call an activity's stages, and activities without one. */
const STAGES: Record<string, string> = {
  files: 'prepares its files',
  store: 'stores what the command changed',
  model: 'waits for the model',
};
const ACTIVITIES: Record<string, string> = {
  beginChain: 'begins',
  think: 'waits for the model',
  act: 'runs its command',
  runChecks: 'runs the checks of its task',
  reviewCall: 'waits for the reviewer',
};

/** What an agent does now, on one line. */
export function showDoing({ status, activity }: AgentNow): string {
  if (!activity) return status.doing === null || status.doing === 'end' ? 'nothing: it has ended' : safe(status.doing);
  const { type, attempt, live } = activity;
  const again = attempt > 1 ? `, attempt ${attempt}` : '';
  if (!live) return `${ACTIVITIES[type] ?? safe(type)}${again}`;
  const { stage, command, elapsedMs, limitMs, bytes } = live;
  const does = command === undefined ? (STAGES[stage] ?? safe(stage)) : `runs ${safe(command)}`;
  const limit = limitMs === undefined ? '' : ` of at most ${showElapsed(limitMs)}`;
  const output = bytes === 0 ? '' : `, ${showBytes(bytes)} so far`;
  return `${does}: ${showElapsed(elapsedMs)}${limit}${output}${again}`;
}

/** The last lines of what runs now. */
export function showTail({ activity }: AgentNow, indent = '  '): string[] {
  const tail = activity?.live?.tail ?? '';
  return tail === '' ? [] : [asBlock(tail, indent)];
}

function showBytes(bytes: number): string {
  return bytes < 1024 ? `${bytes} bytes` : `${Math.round(bytes / 1024)} KiB`;
}
