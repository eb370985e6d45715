/**
 * What goes wrong between a client and Temporal, as sentences for people.
 * Rule: one closed list of kinds; the sentence says what was asked of whom, and what to do.
 */
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import {
  isGrpcServiceError,
  QueryNotRegisteredError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { NamespaceNotFoundError, WorkflowNotFoundError } from '@temporalio/common';

export type ClientFailureKind =
  | 'no-server'
  | 'not-allowed'
  | 'no-namespace'
  | 'unknown-run'
  | 'ended'
  | 'exists'
  | 'no-worker'
  | 'bad-input'
  | 'failed';

/** The one error of the client layer. */
export class ClientFailure extends Error {
  override name = 'ClientFailure';
  readonly kind: ClientFailureKind;

  constructor(kind: ClientFailureKind, message: string, cause?: unknown) {
    super(message, { cause });
    this.kind = kind;
  }
}

/** The gRPC status codes that we explain to people. */
const GRPC = { invalid: 3, deadline: 4, notFound: 5, denied: 7, precondition: 9, unavailable: 14, unauthenticated: 16 };

/** True if no server answers at the address. */
export function isServerAway(error: unknown): error is Error {
  if (error instanceof ClientFailure) return error.kind === 'no-server';
  return isGrpcServiceError(error) && error.code === (GRPC.unavailable as number);
}

/** Makes a call about the run `id`; any failure of the call becomes a `ClientFailure`. */
export async function explainFailures<T>(id: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw toClientFailure(error, id);
  }
}

/** The failure that an error of Temporal's client means, in a call about the run `id`. */
function toClientFailure(error: unknown, id: string): ClientFailure {
  if (error instanceof ClientFailure) return error;
  if (error instanceof WorkflowExecutionAlreadyStartedError)
    return new ClientFailure('exists', `"${id}" runs already: choose another id, or watch that one`, error);
  if (error instanceof WorkflowNotFoundError) return describeNotFound(error, id);
  if (error instanceof NamespaceNotFoundError)
    return new ClientFailure('no-namespace', `the server has no namespace "${error.namespace}"`, error);
  if (error instanceof WorkflowUpdateFailedError)
    return new ClientFailure('bad-input', error.cause?.message ?? error.message, error);
  if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) return describeSilence(id, error);
  if (error instanceof QueryNotRegisteredError)
    return new ClientFailure('failed', `"${id}" can't answer that: ${error.message}`, error);
  return describeGrpc(error, id);
}

function describeNotFound(error: Error, id: string): ClientFailure {
  return /already completed/i.test(error.message)
    ? new ClientFailure('ended', `"${id}" has ended already`, error)
    : new ClientFailure('unknown-run', `there is no "${id}" here: \`cox list\` shows what there is`, error);
}

function describeSilence(id: string, error: unknown): ClientFailure {
  return new ClientFailure(
    'no-worker',
    `no worker answers for "${id}": start one by \`cox up\` (or \`cox worker\` on a configured Temporal)`,
    error,
  );
}

function describeGrpc(error: unknown, id: string): ClientFailure {
  const grpc = findGrpcError(error);
  const text = error instanceof Error ? error.message : String(error);
  if (!grpc) return new ClientFailure('failed', text, error);
  const details = grpc.details || text;
  switch (grpc.code) {
    case GRPC.deadline:
      return describeSilence(id, error);
    case GRPC.precondition:
      return /poller|worker/i.test(details)
        ? describeSilence(id, error)
        : new ClientFailure('failed', `"${id}": ${details}`, error);
    case GRPC.notFound:
      return describeNotFound(new Error(details), id);
    case GRPC.unavailable:
      return new ClientFailure('no-server', `the Temporal server does not answer: ${details}`, error);
    case GRPC.denied:
    case GRPC.unauthenticated:
      return new ClientFailure('not-allowed', `the Temporal server refuses: ${details}`, error);
    default:
      return new ClientFailure('failed', details, error);
  }
}

/** Temporal's client wraps what gRPC says, sometimes twice. */
function findGrpcError(error: unknown): { code: number; details: string } | undefined {
  let inner = error;
  for (let depth = 0; depth < 5 && inner instanceof Error; depth += 1) {
    if (isGrpcServiceError(inner)) return inner;
    inner = inner.cause;
  }
  return undefined;
}
