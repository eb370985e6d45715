/**
 * People with keys, for tests of the reducers: their signatures say in plain text what was signed and by which key.
 * Rule: the verdict is that which ssh-keygen gives, class by class; test/signing holds the two side by side.
 */
import type { Approver } from '../../src/core/approvers.ts';
import type { Answer } from '../../src/core/control.ts';
import type { SignatureQuestion, SignatureVerdict, Verified } from '../../src/core/decide.ts';
import { digestText } from '../../src/core/digest.ts';
import type { Verb } from '../../src/core/messages.ts';
import { readMessage } from '../../src/core/messages.ts';
import type { Received } from '../../src/core/receive.ts';
import type { DecidingMessage, Subject } from '../../src/core/signed-text.ts';
import { renderSignedText } from '../../src/core/signed-text.ts';

/** A listed person; the key is made of the name. */
export function approver(name: string, rest: Omit<Approver, 'name' | 'publicKey'> = {}): Approver {
  return { name, publicKey: `ssh-ed25519 ${Buffer.from(digestText(name)).toString('base64')}`, ...rest };
}

/** Signs a message about a subject with somebody's key. */
export function sign<M extends { id: string }>(
  who: string,
  subject: Subject,
  verb: Verb,
  message: M,
): M & { signature: string } {
  const read = readMessage(verb, [message]);
  if (read.kind === 'bad') throw new Error(read.problem);
  return { ...message, signature: armor({ who, text: renderSignedText(subject, read.message as DecidingMessage) }) };
}

export function armor(content: { who: string; text: string }): string {
  const body = Buffer.from(JSON.stringify(content)).toString('base64');
  return `-----BEGIN SSH SIGNATURE-----\n${body}\n-----END SSH SIGNATURE-----\n`;
}

/** The verdict on a signature made by `sign`. */
export function judge(question: SignatureQuestion): SignatureVerdict {
  const body = question.signature.split('\n')[1] ?? '';
  const { who, text } = JSON.parse(Buffer.from(body, 'base64').toString()) as { who: string; text: string };
  const { publicKey } = approver(who);
  const listed = question.approvers.find((one) => one.publicKey === publicKey);
  if (!listed) return { kind: 'bad', reason: 'not listed' };
  if (listed.validBefore !== undefined && Date.parse(listed.validBefore) <= question.at)
    return { kind: 'bad', reason: 'not valid at this time' };
  if (question.signer !== null && question.signer !== listed.name) return { kind: 'bad', reason: "not the signer's" };
  if (text !== question.text) return { kind: 'bad', reason: 'made for something else' };
  return { kind: 'good', principal: listed.name };
}

/** Sends a message as a workflow does: what is signed is received twice, and `meanwhile` happens in between. */
export function deliver<S>(
  read: () => S,
  update: (state: S) => void,
  receive: (state: S, verified?: Verified) => Received<S>,
  meanwhile: () => void = () => undefined,
): Answer {
  const first = receive(read());
  update(first.state);
  if (!first.verify) return first.answer;
  const verdict = judge(first.verify);
  meanwhile();
  const second = receive(read(), { question: first.verify, verdict });
  update(second.state);
  return second.answer;
}
