/**
 * The inputs and results of an agent's activities in one step: a model call with its proposals, an act, a check.
 * Rule: small facts that our code computed. Conversation, arguments and files stay in the checkpoints.
 */
import type { CommandFacts } from '../commands/facts.ts';
import type { RedBefore } from '../evidence.ts';
import type { DiffLimits, IsolationMode, Setup } from '../execution.ts';
import type { Finding } from '../effects/findings.ts';
import type { CommandRuling } from '../commands/rule-on-command.ts';
import type { LfsGrant } from '../lfs.ts';
import type { Plan } from '../plan.ts';
import type { AgentTools } from './tools.ts';
import type { Sha, Usage } from '../transcript.ts';
import type { Warrant } from '../decisions/warrant.ts';

export interface ToldResult {
  callId: string;
  output: string;
}

/** A call as the model made it, as small facts. Its arguments stay in the checkpoint. */
export interface Proposal {
  callId: string;
  tool: string;
  /** SHA-256 of the tool's name and the exact arguments. */
  digest: string;
  /** A text for people, at most 1 KiB. */
  summary: string;
  /** Why the call can't be considered at all. The model is told. */
  problem?: string;
  /** The answer to a call that was only a note of the model. It has a problem too, for workers of older versions. */
  noted?: string;
  /** Characters of the call that the summary leaves out. */
  more?: number;
  /** The facts of a command line in at most 1 KiB, and the built-in rules' ruling on the whole line. */
  facts?: CommandFacts;
  judged?: CommandRuling;
  /** It only reads, below its folder. This matters for commands without isolation. */
  looksOnly?: true;
  /** The plan in a planner's `finish`. */
  plan?: Plan;
}

export interface ThinkInput {
  repository: string;
  start: Sha;
  head: Sha;
  key: string;
  profile: AgentTools;
  /** The task's checks: a command that is one of them is not judged. Left out in older agents. */
  checks?: string[];
  results: ToldResult[];
  steers: Steer[];
  nudges: string[];
  /** Put this commit's tree in place of the head's: the effects of a refused act go away. */
  restore: Sha | null;
  /** Paths that a person left out of an act. They become as they were at `from`. */
  leaveOut?: { from: Sha; paths: string[] };
  /** A person's commit in the hub, whose tree replaces the head's. The model is told what changed. */
  wheel: Sha | null;
  /** Most tokens of the response, reasoning included. Left out in older agents. */
  maxOutputTokens?: number;
  /** The provider makes the response in the background, and so stores it. */
  background?: true;
  /** Workflow id of the refactor that this is done for. If it closes, the activity ends. */
  refactor?: string;
}

export interface ThinkOutcome {
  head: Sha;
  proposals: Proposal[];
  usage: Usage;
  /** Calls in attempts that died. Nobody has their responses, and each may have cost its whole reservation. */
  lost?: number;
  /** The usage of the call that shortened the conversation, if one was needed first. */
  compacted?: Usage;
  model: string;
  /** Ids of the steers that the model has read in this call. */
  delivered: string[];
  /** The model's text next to its call, at most 300 characters. */
  said: string;
  stop: 'complete' | 'truncated' | 'refused' | 'empty';
  notes: string[];
}

export interface ActInput extends LfsGrant {
  repository: string;
  base: Sha;
  names?: Sha;
  start: Sha;
  head: Sha;
  key: string;
  profile: AgentTools;
  callId: string;
  digest: string;
  /** The decision under which it runs: the person or rule that allowed it, and the digest of the policy in force. */
  decision: { outcome: 'allow'; by: string; policy: string };
  paths: string[];
  /** Paths that policy protects, and those among them that a person allowed. */
  protection?: { paths: string[]; allowed: string[] };
  /** Most files and changed lines, if limited. Left out in older agents, whose effects were not judged. */
  limits?: DiffLimits;
  /** The task's checks. If a call is one of them, what it writes is not kept. */
  checks?: string[];
  /** Further files that tools leave, as lines of a `.gitignore`. */
  artefacts?: string[];
  setup: Setup | null;
  warrant?: Warrant;
  /** As in ThinkInput. */
  refactor?: string;
}

export interface ActOutcome {
  head: Sha;
  exitCode: number | null;
  signal: string | null;
  outputBytes: number;
  durationMs: number;
  isolation: IsolationMode;
  /** Paths outside the task that this call changed: at most 20, or folders as globs if there are more. */
  outside: string[];
  /** New findings of medium or high risk in the changed bytes, and how many more there are. */
  findings?: Finding[];
  moreFindings?: number;
  /** The host whose workspace is at this checkpoint. The next act is offered to it first. */
  host?: string;
}

/** A commit and the checks to run on it. */
export interface CheckInput extends LfsGrant {
  repository: string;
  base: Sha;
  /** The commit in the hub that lists the base's branch and tags. */
  names?: Sha;
  commit: Sha;
  checks: string[];
  setup: Setup | null;
  warrant?: Warrant;
  redBefore?: RedBefore[];
  /** Left out if the refactor itself asks, or an agent that works alone. */
  refactor?: string;
}

export interface Steer {
  id: string;
  text: string;
  by: string;
  /** Policy requires signatures, and this message had none. */
  claim?: true;
}
