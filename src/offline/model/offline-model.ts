/**
 * The offline model: a real server of the Responses API with one skill, structural replacement by ast-grep.
 * Rule: a response is a pure function of the request, so a restarted server, or another one, continues where it was.
 */
import { digestText } from '../../core/digest.ts';
import type { Item } from '../../core/transcript.ts';
import { planReplacement } from './plan-replacement.ts';
import type { Goal, Prompt } from './read-goal.ts';
import { GOAL_FORM, readGoal, readPrompt, readSkips } from './read-goal.ts';
import type { SkillCall, Skill } from './replay.ts';
import { replay } from './replay.ts';
import type { ParsedRequest, ServerReply } from '../server/responses-server.ts';
import { startResponsesServer } from '../server/responses-server.ts';
import { workReplacement } from './work-replacement.ts';

/** The only model name that the server knows. */
export const OFFLINE_MODEL = 'coxswain-offline';
/** Characters of a steer that the response repeats. */
const NOTED_CHARACTERS = 200;

const HOW_TO_GET_A_MODEL =
  'For any other goal set a model: COXSWAIN_MODEL and OPENAI_API_KEY, ' +
  'and OPENAI_BASE_URL for another server of the Responses API.';
const EXAMPLE = 'replace `var $A = require($B)` with `const $A = require($B)` in javascript';
const ONCE_ANSWERED = 'Once you answer, I finish with the files as they are.';

const ONLY_REPLACES = 'The offline model only does replacements, and the only steer that it knows is "skip <path>".';
/** The beginning of the command that replaces. */
const EDIT = 'cox-codemod edit ';

/** A running offline model. */
export interface OfflineModel {
  /** The base URL for a client, ending in `/v1`. */
  url: string;
  close(): Promise<void>;
}

/** Starts the offline model; port 0 takes a free port. Rejects if the port is taken. */
export async function startOfflineModel(options: { host?: string; port?: number } = {}): Promise<OfflineModel> {
  const { host = '127.0.0.1', port = 0 } = options;
  const shared = { models: [OFFLINE_MODEL], keptRequests: 0, answer: answerOffline };
  const { url, close } = await startResponsesServer({ host, port, ...shared });
  return { url, close };
}

function answerOffline(request: ParsedRequest): ServerReply {
  const { items, tools } = request;
  const first = items.find((item) => item.kind === 'user');
  const prompt = first ? readPrompt(first.text) : undefined;
  if (!prompt || !tools.includes('finish')) return { items: [{ kind: 'assistant', text: introduceOneself() }] };
  const isPlanner = tools.includes('decline');
  const replayed = replay(items, chooseSkill(prompt, isPlanner));
  const action = replayed.kind === 'next' ? replayed.action : takeOver(replayed.call, items, isPlanner);
  const callId = `call_${digestText(JSON.stringify([tools, items])).slice(0, 24)}`;
  const call: Item = { kind: 'call', callId, tool: action.tool, arguments: JSON.stringify(action.arguments) };
  return { items: [...acknowledge(items, readGoal(prompt.goal)), call] };
}

function introduceOneself(): string {
  const skill = `I do goals of the form ${GOAL_FORM}, by ast-grep.`;
  return `I am ${OFFLINE_MODEL}, a program without intelligence. ${skill} ${HOW_TO_GET_A_MODEL}`;
}

function chooseSkill(prompt: Prompt, isPlanner: boolean): Skill {
  const goal = readGoal(prompt.goal);
  if (goal.kind === 'replace') return isPlanner ? planReplacement(prompt, goal) : workReplacement(prompt, goal);
  const reason = describeOther(goal);
  const action: SkillCall = isPlanner
    ? { tool: 'decline', arguments: { reason } }
    : { tool: 'ask', arguments: { question: `I can't do this task. ${reason}` } };
  return function* refuse() {
    for (;;) yield action;
  };
}

function describeOther(goal: Exclude<Goal, { kind: 'replace' }>): string {
  const why =
    goal.kind === 'malformed'
      ? `The goal is not quite of the form that the offline model knows: ${goal.problem}.`
      : 'The offline model has no intelligence and cannot do this goal.';
  return `${why} It does goals of one form: ${GOAL_FORM}, for example: ${EXAMPLE}. ${HOW_TO_GET_A_MODEL}`;
}

/**
 * The call after another model's call, which can't be replayed: ask a person, then finish with the files as they are.
 */
function takeOver(call: string, items: readonly Item[], isPlanner: boolean): SkillCall {
  const said = `this conversation has a call that the offline model would not have made (${call.slice(0, 300)})`;
  if (isPlanner) return { tool: 'decline', arguments: { reason: `I can't take over from another model: ${said}.` } };
  const last = items.findLast((item) => item.kind === 'call');
  if (last?.tool === 'ask') {
    const summary = 'Left as it was: the offline model could not take over from another model.';
    return { tool: 'finish', arguments: { summary } };
  }
  const question = `I can't take over from another model or another version: ${said}. ${ONCE_ANSWERED}`;
  return { tool: 'ask', arguments: { question } };
}

/**
 * Repeats the steers that came since the last call, so that people see that they were read. A skip is followed until
 * the replacement is made; any other steer changes nothing.
 */
function acknowledge(items: readonly Item[], goal: Goal): Item[] {
  const fresh = items.slice(items.findLastIndex(({ kind }) => kind === 'call' || kind === 'assistant') + 1);
  const texts = fresh.flatMap((item) =>
    item.kind === 'user' && item.text.startsWith('Steer from') ? [item.text] : [],
  );
  return texts.map((text) => {
    const said = text.replace(/^Steer from [^]*?(?:, a supervisor| \(not signed\)): /, '').slice(0, NOTED_CHARACTERS);
    if (goal.kind !== 'replace' || readSkips(text).length === 0)
      return { kind: 'assistant', text: `${ONLY_REPLACES} This steer changes nothing: ${said}` };
    const isLate = items.some((item) => item.kind === 'call' && item.arguments.includes(EDIT));
    const late = 'The replacement is made already, so this steer changes nothing: ';
    return { kind: 'assistant', text: `${isLate ? late : 'Noted: '}${said}` };
  });
}
