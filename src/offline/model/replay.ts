/**
 * Runs a skill against the conversation so far. A skill is a generator that yields calls and receives their outcomes.
 * Rule: the server stores nothing between requests. Each request replays the skill from its start, so any server can
 * continue. Changing the text of a skill's call therefore breaks conversations under way.
 */
import type { ToolName } from '../../core/agent/tools.ts';
import type { Item } from '../../core/transcript.ts';

/** A call that a skill wants to make. */
export interface SkillCall {
  tool: ToolName;
  arguments: Record<string, unknown>;
}

export type CallOutcome =
  /** `exitCode` is null where the command was killed or timed out; `end` says how it ended. */
  | { kind: 'ran'; exitCode: number | null; end: string; output: string }
  /** Interrupted, or its work taken back: the call had no effect and may be repeated. */
  | { kind: 'interrupted'; text: string }
  /** Refused by policy, by a supervisor, or because the call is malformed. */
  | { kind: 'refused'; text: string }
  /** A person's answer, or why a finish was not accepted. */
  | { kind: 'told'; text: string };

/** `told` grows while the skill runs: it has all messages of people that came before the skill's next call. */
export type Skill = (told: readonly string[]) => Generator<SkillCall, never, CallOutcome>;

/** The skill's next call, or the first earlier call in the conversation that the skill would not have made. */
export type Replayed = { kind: 'next'; action: SkillCall } | { kind: 'diverged'; call: string };

/** Replays a skill over a conversation. The first user item is the prompt, not a message. */
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

/** Reads the result of a call in Coxswain's form: how a command ended on the first line, then its output. */
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
