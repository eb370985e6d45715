/**
 * Runs a skill against the conversation so far: a skill is a generator that yields calls and is given their outcomes.
 * Rule: nothing is remembered between requests; each one replays the skill from its start, so any server can go on.
 */
import type { ToolName } from '../../core/agent/tools.ts';
import type { Item } from '../../core/transcript.ts';

/** A call that a skill wants to make. */
export interface SkillCall {
  tool: ToolName;
  arguments: Record<string, unknown>;
}

/** What became of a call. */
export type CallOutcome =
  /** `exitCode` is null where the command was killed or timed out; `end` says how it ended. */
  | { kind: 'ran'; exitCode: number | null; end: string; output: string }
  /** Interrupted or taken back: it had no effect and may be made again. */
  | { kind: 'interrupted'; text: string }
  /** Policy, a supervisor or a check of the call itself said no. */
  | { kind: 'refused'; text: string }
  /** A person's answer, or why a finish did not count. */
  | { kind: 'told'; text: string };

/** `told` grows while the skill runs: all messages of people that came before its next call. */
export type Skill = (told: readonly string[]) => Generator<SkillCall, never, CallOutcome>;

/** The next call of a skill, or the earlier call that it would not have made. */
export type Replayed = { kind: 'next'; action: SkillCall } | { kind: 'diverged'; call: string };

/** Replays a skill over a conversation; its first user item is the prompt and not a message. */
export function replay(items: readonly Item[], skill: Skill): Replayed {
  const told: string[] = [];
  const results = new Map(
    items.flatMap((item) => (item.kind === 'result' ? [[item.callId, item.output] as const] : [])),
  );
  const messages = items.slice(items.findIndex(({ kind }) => kind === 'user') + 1);
  const running = skill(told);
  let step: IteratorResult<SkillCall, never> | undefined;
  let outcome: CallOutcome | undefined;
  const advance = (): SkillCall => {
    step = outcome === undefined ? running.next(...([] as unknown as [CallOutcome])) : running.next(outcome);
    return step.value;
  };
  for (const item of messages) {
    if (item.kind === 'user') told.push(item.text);
    if (item.kind !== 'call') continue;
    const action = advance();
    if (action.tool !== item.tool || JSON.stringify(action.arguments) !== item.arguments) {
      return { kind: 'diverged', call: `${item.tool} ${item.arguments}` };
    }
    outcome = readOutcome(action.tool, results.get(item.callId) ?? '');
  }
  return { kind: 'next', action: advance() };
}

/** Reads a result as Coxswain words it: how a command ended on the first line, then its output. */
function readOutcome(tool: ToolName, text: string): CallOutcome {
  if (/^A supervisor interrupted this call|^This call was not run: the work was taken back/.test(text)) {
    return { kind: 'interrupted', text };
  }
  if (/^This call was not run|^Not run|^Policy denies this call|^A supervisor rejected this call/.test(text)) {
    return { kind: 'refused', text };
  }
  if (tool !== 'shell' && tool !== 'apply_patch') return { kind: 'told', text };
  const [end = ''] = text.split('\n', 1);
  const code = /^exit status (\d+)$/.exec(end)?.[1];
  return { kind: 'ran', exitCode: code === undefined ? null : Number(code), end, output: text.slice(end.length + 1) };
}
