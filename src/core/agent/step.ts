/**
 * One step of an agent as its activities take and give it: a model call with what it proposes, an act, a check.
 * Rule: small facts computed by our code; conversation, arguments and files stay in the checkpoints.
 */
import type { CommandFacts } from '../commands/facts.ts';
import type { RedBefore } from '../evidence.ts';
import type { DiffLimits, IsolationMode, Setup } from '../execution.ts';
import type { Finding } from '../effects/findings.ts';
import type { CommandRuling } from '../commands/rule-on-command.ts';
import type { LfsGrant } from '../lfs.ts';
import type { Plan } from '../plan.ts';
import type { Profile } from './tools.ts';
import type { Sha, Usage } from '../transcript.ts';
import type { Warrant } from '../decisions/warrant.ts';

export interface ToldResult {
  callId: string;
  output: string;
}

/** A call as the model made it: small facts computed by our code; the arguments stay in the checkpoint. */
export interface Proposal {
  callId: string;
  tool: string;
  /** SHA-256 of the exact arguments. */
  digest: string;
  /** One line for people, at most 1 KiB. */
  summary: string;
  /** Why the call can't be considered at all; told to the model. */
  problem?: string;
  /** Characters of the call that the summary leaves out. */
  more?: number;
  /** What a command line is, at most a kilobyte of it, and what the built-in rules say of the whole. */
  facts?: CommandFacts;
  judged?: CommandRuling;
  /** It only looks at what is below its folder: of use where commands run without isolation. */
  looksOnly?: true;
  /** The plan that a planner's `finish` hands in. */
  plan?: Plan;
}

export interface ThinkInput {
  repository: string;
  start: Sha;
  head: Sha;
  key: string;
  profile: Profile;
  /** The task's checks: a line that is one of them needs no judge. Left out by agents of before that. */
  checks?: string[];
  results: ToldResult[];
  steers: Steer[];
  nudges: string[];
  /** Put this commit's tree back instead of the head's: a refused act's effects go away. */
  restore: Sha | null;
  /** What a person left out of what an act did: these paths are put back to how they were at `from`. */
  leaveOut?: { from: Sha; paths: string[] };
  /** A person's commit in the hub whose tree replaces the head's; the model is told what changed. */
  wheel: Sha | null;
  /** The provider makes the answer in the background, and so stores it. */
  background?: true;
  /** Workflow id for which this is done: once that is closed, it is ended. */
  refactor?: string;
}

export interface ThinkOutcome {
  head: Sha;
  proposals: Proposal[];
  usage: Usage;
  /** Calls of attempts that died on the way: nobody has their answers, and each may have cost what was reserved. */
  lost?: number;
  /** What the call that made the conversation short took, where one was needed first. */
  compacted?: Usage;
  model: string;
  /** Ids of the steers that this call's model has read. */
  delivered: string[];
  /** What the model said beside its call, at most 300 characters. */
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
  profile: Profile;
  callId: string;
  digest: string;
  /** The decision under which it runs: who or which rule allowed it, and the digest of the policy in force. */
  decision: { outcome: 'allow'; by: string; policy: string };
  paths: string[];
  /** What policy protects, but for what a person allowed of it. */
  protection?: { paths: string[]; allowed: string[] };
  /** Most files and changed lines, where there is such a limit; left out by agents of before effects were judged. */
  limits?: DiffLimits;
  /** The task's checks: what a call wrote that is one of them is not kept. */
  checks?: string[];
  /** Names of what tools leave, as in a `.gitignore`, beside those that are known. */
  artefacts?: string[];
  setup: Setup | null;
  warrant?: Warrant;
  /** As of a think. */
  refactor?: string;
}

export interface ActOutcome {
  head: Sha;
  exitCode: number | null;
  signal: string | null;
  outputBytes: number;
  durationMs: number;
  isolation: IsolationMode;
  /**
   * What this call changed outside of the task's paths: at most 20 paths, or folders as globs where there are more.
   */
  outside: string[];
  /** What its bytes show that was not there before, of medium risk and above; and how much more there is. */
  findings?: Finding[];
  moreFindings?: number;
  /** The host whose workspace stands at this checkpoint now; the next act is offered to it first. */
  host?: string;
}

/** What is to be judged, and by what. */
export interface CheckInput extends LfsGrant {
  repository: string;
  base: Sha;
  /** The commit that has the names of the base. */
  names?: Sha;
  commit: Sha;
  checks: string[];
  setup: Setup | null;
  warrant?: Warrant;
  redBefore?: RedBefore[];
  /** Left out where the refactor itself asks, or an agent that works alone. */
  refactor?: string;
}

export interface Steer {
  id: string;
  text: string;
  by: string;
  /** Policy wants signatures, and this had none. */
  claim?: true;
}
