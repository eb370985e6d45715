/**
 * People with keys, for tests of who may decide. Their signatures are plain texts; people with real keys are in
 * test/signing.
 * Rule: both give the same verdict for each class of messages; a test compares them.
 */
import type { Approver } from '../../src/core/policy/approvers.ts';
import type { SignatureQuestion, SignatureCheck, Verified } from '../../src/core/decisions/weigh.ts';
import { digestText } from '../../src/core/digest.ts';
import type { Verb } from '../../src/core/decisions/messages.ts';
import { readMessage } from '../../src/core/decisions/messages.ts';
import type { MessageResult } from '../../src/core/decisions/receipts.ts';
import type { Received } from '../../src/core/decisions/receive.ts';
import type { DecidingMessage, Subject } from '../../src/core/decisions/signed-text.ts';
import { renderSignedText } from '../../src/core/decisions/signed-text.ts';

/** Makes, uses and verifies keys. */
export interface KeyKind {
  publicKey(who: string): string;
  signText(who: string, text: string): string;
  verify(question: SignatureQuestion): SignatureCheck | Promise<SignatureCheck>;
}

/** People with keys of one kind: one for each name in a test. */
export class Keys {
  readonly kind: KeyKind;

  constructor(kind: KeyKind) {
    this.kind = kind;
  }

  /** A person as policy lists them. */
  approver(name: string, rest: Omit<Approver, 'name' | 'publicKey'> = {}): Approver {
    return { name, publicKey: this.kind.publicKey(name), ...rest };
  }

  signText(who: string, text: string): string {
    return this.kind.signText(who, text);
  }

  /** Signs a message about a subject with a person's key. */
  sign<M extends { id: string }>(who: string, subject: Subject, verb: Verb, message: M): M & { signature: string } {
    const read = readMessage(verb, [message]);
    if (read.kind === 'bad') throw new Error(read.problem);
    return { ...message, signature: this.signText(who, renderSignedText(subject, read.message as DecidingMessage)) };
  }

  /** Sends a message as a workflow does: a signed one is received twice, and `meanwhile` happens in between. */
  async deliver<S>(
    read: () => S,
    update: (state: S) => void,
    receive: (state: S, verified?: Verified) => Received<S>,
    meanwhile: () => unknown = () => undefined,
  ): Promise<MessageResult> {
    const first = receive(read());
    update(first.state);
    if (!first.verify) return first.answer;
    const verdict = await this.kind.verify(first.verify);
    await meanwhile();
    const second = receive(read(), { question: first.verify, verdict });
    update(second.state);
    return second.answer;
  }
}

/** Keys without cryptography. */
export const plainKeys: KeyKind = {
  publicKey: (who) => `ssh-ed25519 ${Buffer.from(digestText(who)).toString('base64')}`,
  signText: (who, text) => {
    const body = Buffer.from(JSON.stringify({ who, text })).toString('base64');
    return `-----BEGIN SSH SIGNATURE-----\n${body}\n-----END SSH SIGNATURE-----\n`;
  },
  verify: (question) => {
    const body = question.signature.split('\n')[1] ?? '';
    const { who, text } = JSON.parse(Buffer.from(body, 'base64').toString()) as { who: string; text: string };
    const listed = question.approvers.find(({ publicKey }) => publicKey === plainKeys.publicKey(who));
    if (!listed) return { kind: 'bad', reason: 'not listed' };
    const { name, validAfter = '1970-01-01', validBefore = '9999-12-31' } = listed;
    if (question.at < Date.parse(validAfter) || question.at >= Date.parse(validBefore))
      return { kind: 'bad', reason: 'not valid at this time' };
    if (question.signer !== null && question.signer !== name) return { kind: 'bad', reason: "not the signer's" };
    if (text !== question.text) return { kind: 'bad', reason: 'made for something else' };
    return { kind: 'good', principal: name };
  },
};
