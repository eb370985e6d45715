/**
 * The contract of a case of the ground bench: somebody with few rights tries for one effect, and the case looks whether
 * it came.
 * Rule: a case judges by what is there afterwards (branches, files, refs, the run's own words), never by what the code
 * says that it does.
 */
import type { Client } from '@temporalio/client';
import type { ParsedRequest, ServerReply } from '../../src/offline/server/responses-server.ts';

/** Who tries: the rights that the attempt needs. */
export type Against =
  /** A web page that the person visits while `cox up` runs. */
  | 'a web page'
  /** A model's words, or a repository that moves the model. */
  | 'an agent'
  /** Somebody who may start workflows. */
  | 'a starter'
  /** Somebody who may signal and update workflows, and is no approver. */
  | 'a sender'
  /** Somebody who may run a Temporal worker in the namespace. */
  | 'a foreign worker'
  /** Another plain user of the host. */
  | 'a user of the host'
  /** Somebody who may push to the hub. */
  | 'a pusher to the hub';

export interface Verdict {
  /** Whether what must not happen did not happen. */
  held: boolean;
  /** What was seen, in one line: it stands in the table. */
  saw: string;
}

export interface GroundCase {
  /** What must hold, as a sentence: "a web page can't start a refactor". */
  name: string;
  against: Against;
  /** Why it matters, and how it was tried, in a sentence or two. */
  about: string;
  /** Throws where the case itself could not be tried; the table then says so, and the bench fails. */
  attempt(ground: Ground): Promise<Verdict>;
}

export type Script = (turn: Turn) => ServerReply | Promise<ServerReply>;

/** What the scripted model is asked: which task, and how many results it has seen. */
export interface Turn {
  task: string;
  turn: number;
  request: ParsedRequest;
  /** The output of the newest result. */
  last: string;
}

export interface StackOptions {
  /** Files of the organisation's folder of policies, such as `organisation.yaml`. */
  policies?: Record<string, string>;
  env?: Record<string, string>;
  /** What the model answers; the offline model if left out. */
  script?: Script;
}

/** A running `cox up` of the tree under test. */
export interface Stack {
  /** Host and port of Temporal's gRPC service. */
  address: string;
  stateDir: string;
  taskQueue: string;
  /** A plain client, as any stranger of the namespace has one. */
  client: Client;
  /** Process ids of `cox up`'s process group. */
  pid: number;
  requests(): readonly ParsedRequest[];
  /** Runs `cox` of the tree; never rejects for its exit status. */
  cox(...args: string[]): Promise<Ran>;
  /** Runs the `temporal` program against this server. */
  temporal(...args: string[]): Promise<Ran>;
  /** Runs a foreign worker with the generic workflows of `foreign-workflows.ts` on a queue; gives the queue's name. */
  foreignWorker(): Promise<string>;
}

export interface Ran {
  exitCode: number;
  output: string;
}

/** What a case works with; everything is made for it and removed after it. */
export interface Ground {
  /** A folder of the case's own. */
  folder: string;
  /** The checkout under test. */
  tree: string;
  stack(options?: StackOptions): Promise<Stack>;
  /** A git repository with one commit of these files on `main`. */
  repository(files?: Record<string, string>): Promise<string>;
  git(folder: string, ...args: string[]): Promise<string>;
  /** A private SSH key's file of this person; its public half is beside it, with `.pub`. */
  key(who: string): Promise<string>;
  /** Loads a module of the tree under test, such as `src/core/commands/rule-on-command.ts`. */
  load(module: string): Promise<Record<string, any>>;
}
