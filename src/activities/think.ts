/**
 * `think`: one model call on a chain. Its answer becomes a checkpoint before anyone acts on it.
 * Rule: an answer that was stored is never asked for again; what is returned is read from the checkpoint.
 */
import { MAX_OUTPUT_TOKENS } from '../core/agent.ts';
import type { Proposal, ThinkInput, ThinkOutcome } from '../core/agent-state.ts';
import { digestText } from '../core/digest.ts';
import { findPlanProblems, planSchema } from '../core/plan.ts';
import { answerOpenCalls, steerText } from '../core/prompts.ts';
import type { Profile } from '../core/tools.ts';
import { checkToolCall } from '../core/tools.ts';
import type { Item, Sha } from '../core/transcript.ts';
import { diffStat } from '../git/diff-stat.ts';
import type { ChainLink } from '../git/read-chain.ts';
import { readChain } from '../git/read-chain.ts';
import type { Store } from '../git/store.ts';
import { ensureCommit, treeOf } from '../git/store.ts';
import { advanceRef, findPlace, judgeByKey, runRef, writeEntry } from './chain.ts';
import type { ActivityContext } from './context.ts';
import { storeOf } from './context.ts';
import type { ModelActivities } from './contract.ts';
import { fail } from './failures.ts';
import { withHeartbeats } from './perform.ts';

/** A proposal's command as people see it in the history; the rest is in the checkpoint. */
const MAX_SUMMARY = 1000;

export function createThink(context: ActivityContext): ModelActivities['think'] {
  return (input) =>
    withHeartbeats(async (signal) => {
      const store = await storeOf(context, input.repository);
      const ref = runRef('agents');
      await ensureCommit(store, { commit: input.head, ref });
      const place = await findPlace(store, ref, input.head, judgeByKey(input.key));
      if (place.done) return readOutcome(place.done, input.profile);
      const link = await callOnce(context, store, input, signal);
      await advanceRef(store, ref, link.commit, place.at);
      return readOutcome(link, input.profile);
    });
}

async function callOnce(
  context: ActivityContext,
  store: Store,
  input: ThinkInput,
  signal: AbortSignal,
): Promise<ChainLink> {
  const chain = await readChain(store, { base: input.start, head: input.head });
  const [root] = chain;
  if (root?.entry?.kind !== 'start')
    throw fail('GitFailed', `the chain of ${input.head.slice(0, 10)} has no root that says what the agent was told`);
  const old = chain.flatMap(({ entry }) => entry?.items ?? []);
  const fresh: Item[] = answerOpenCalls(old, input.results);
  for (const steer of input.steers) fresh.push({ kind: 'user', text: steerText(steer) });
  for (const text of input.nudges) fresh.push({ kind: 'user', text });
  const { tree, told } = await chooseTree(store, input);
  fresh.push(...told);
  const answer = await context.model.call({
    instructions: root.entry.instructions,
    items: [...old, ...fresh],
    profile: input.profile,
    cacheKey: root.commit.slice(0, 32),
    maxOutputTokens: MAX_OUTPUT_TOKENS,
    signal,
  });
  const entry = {
    v: 1 as const,
    kind: 'think' as const,
    key: input.key,
    model: answer.model,
    usage: answer.usage,
    stop: answer.stop,
    steers: input.steers.map(({ id }) => id),
    items: [...fresh, ...answer.items],
    notes: answer.notes,
    ...(input.wheel ? { wheel: input.wheel } : {}),
  };
  const subject = `${input.key.replace('think/', '')} think: ${describeAnswer(answer.items)}`;
  const commit = await writeEntry(store, { parent: input.head, wheel: input.wheel, tree, subject, entry });
  return { commit, tree, parent: input.head, subject, message: '', author: { name: '', email: '', date: '' }, entry };
}

/** The tree of the new checkpoint: the head's, an earlier one that is put back, or a person's. */
async function chooseTree(store: Store, input: ThinkInput): Promise<{ tree: Sha; told: Item[] }> {
  if (!input.wheel) return { tree: await treeOf(store, input.restore ?? input.head), told: [] };
  await ensureCommit(store, { commit: input.wheel });
  const { text } = await diffStat(store, { from: input.head, to: input.wheel });
  const note = `A supervisor took the wheel and changed files (now commit ${input.wheel}):\n${text}\nLook at them before you go on.`;
  return { tree: await treeOf(store, input.wheel), told: [{ kind: 'user', text: note }] };
}

function describeAnswer(items: readonly Item[]): string {
  const call = items.find((item) => item.kind === 'call');
  if (call) return `${call.tool} ${call.arguments}`;
  const text = items.find((item) => item.kind === 'assistant');
  return text ? text.text : 'nothing';
}

/** What a think's checkpoint says, as small facts for the workflow. */
function readOutcome(link: ChainLink, profile: Profile): ThinkOutcome {
  const { entry } = link;
  if (entry?.kind !== 'think') throw new Error(`${link.commit} is not a think`);
  const said = entry.items.flatMap((item) => (item.kind === 'assistant' ? [item.text] : [])).join(' ');
  const calls = entry.items.filter((item) => item.kind === 'call');
  return {
    head: link.commit,
    proposals: calls.map((call) => propose(profile, call)),
    usage: entry.usage,
    model: entry.model,
    delivered: entry.steers,
    said: said.slice(0, 300),
    stop: entry.stop ?? 'complete',
    notes: entry.notes ?? [],
  };
}

function propose(profile: Profile, call: Extract<Item, { kind: 'call' }>): Proposal {
  const proposal = {
    callId: call.callId,
    tool: call.tool.slice(0, 100),
    digest: digestText(`${call.tool}\n${call.arguments}`),
  };
  const check = checkToolCall(profile, call.tool, call.arguments);
  if (check.kind === 'bad')
    return { ...proposal, summary: call.tool.slice(0, 100), problem: check.problem.slice(0, MAX_SUMMARY) };
  const summary = summarise(check.tool, check.arguments).slice(0, MAX_SUMMARY);
  if (check.tool !== 'finish' || profile !== 'plan') return { ...proposal, summary };
  const plan = planSchema.parse(check.arguments['plan']);
  const problems = findPlanProblems(plan);
  if (problems.length > 0) return { ...proposal, summary, problem: problems.join('; ').slice(0, MAX_SUMMARY) };
  return { ...proposal, summary, plan };
}

function summarise(tool: string, values: Record<string, unknown>): string {
  switch (tool) {
    case 'shell':
      return String(values['command']);
    case 'apply_patch': {
      const files = [...String(values['patch']).matchAll(/^\*\*\* (?:Add|Update|Delete) File: (.+)$/gm)].map(
        (match) => match[1],
      );
      return `apply_patch ${files.join(', ')}`;
    }
    case 'ask':
      return String(values['question']);
    case 'decline':
      return String(values['reason']);
    default:
      return typeof values['summary'] === 'string' ? values['summary'] : tool;
  }
}
