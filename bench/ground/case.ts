/**
 * The contract of a case of the ground bench: a person or program with few rights tries for one effect, and the case
 * looks whether it happened.
 * Rule: a case judges by what is there afterwards (branches, files, refs, texts of the run), never by what the code
 * claims to do.
 */
import type { Client } from '@temporalio/client';
import type { ParsedRequest, ServerReply } from '../../src/offline/server/responses-server.ts';

/** The attacker: the rights that the attempt needs. */
export type Against =
  /** A web page that the person visits while `cox up` runs. */
  | 'a web page'
  /** A model's output, or a repository that influences the model. */
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
  /** True if the forbidden effect did not happen. */
  held: boolean;
  /** What was seen, in one line for the table. */
  saw: string;
}

export interface GroundCase {
  /** The promise as a sentence: "a web page can't start a refactor". */
  name: string;
  against: Against;
  /** Why it matters and how it is tried, in one or two sentences. */
  about: string;
  /** Throws if the case itself could not be tried; the table then says so, and the bench fails. */
  attempt(ground: Ground): Promise<Verdict>;
}

export type Script = (turn: Turn) => ServerReply | Promise<ServerReply>;

/** A request to the scripted model: the task, and how many results the model has seen. */
export interface Turn {
  task: string;
  turn: number;
  request: ParsedRequest;
  /** Output of the newest result. */
  last: string;
}

export interface StackOptions {
  /** Files in the organisation's policy folder, such as `organisation.yaml`. */
  policies?: Record<string, string>;
  env?: Record<string, string>;
  /** The model's script; the offline model if left out. */
  script?: Script;
}

/** A running `cox up` of the tree under test. */
export interface Stack {
  /** Host and port of Temporal's gRPC service. */
  address: string;
  stateDir: string;
  taskQueue: string;
  /** A plain client, as every stranger with access to the namespace has one. */
  client: Client;
  /** Process id of `cox up`, which leads its process group. */
  pid: number;
  requests(): readonly ParsedRequest[];
  /** Runs `cox` of the tree; never rejects for its exit status. */
  cox(...args: string[]): Promise<Ran>;
  /** Runs the `temporal` program against this server. */
  temporal(...args: string[]): Promise<Ran>;
  /** Runs a foreign worker with the workflows of `foreign-workflows.ts`; returns the name of its task queue. */
  foreignWorker(): Promise<string>;
}

export interface Ran {
  exitCode: number;
  output: string;
}

/** The environment of a case; everything is made for it and removed after it. */
export interface Ground {
  /** The case's own folder. */
  folder: string;
  /** The checkout under test. */
  tree: string;
  stack(options?: StackOptions): Promise<Stack>;
  /** A git repository with one commit of these files on `main`. */
  repository(files?: Record<string, string>): Promise<string>;
  git(folder: string, ...args: string[]): Promise<string>;
  /** The file of this person's private SSH key; its public half has the same name with `.pub`. */
  key(who: string): Promise<string>;
  /** Loads a module of the tree under test, such as `src/core/commands/rule-on-command.ts`. */
  load(module: string): Promise<Record<string, any>>;
}
