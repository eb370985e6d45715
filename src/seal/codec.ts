/**
 * The payload codec: seals payloads that the converter marked, and verifies the seals of received payloads.
 * Rule: decoding never throws, since that would stop a run for ever. Content stays readable in Temporal's UI and CLI.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Payload, PayloadCodec, SerializationContext } from '@temporalio/common';
import { SEAL_FIELDS } from '../core/sealed.ts';
import type { KeyRing } from './key-ring.ts';

const ID_BYTES = 4;
/** 128 bits: impossible to guess. */
const MAC_BYTES = 16;
const { seal: SEAL, as: AS, verified: VERIFIED, broken: BROKEN } = SEAL_FIELDS;

/** A codec with these keys. `namespace` is the worker's, since the replayer's context names another one. */
export function createSealCodec(keys: KeyRing, namespace: string): PayloadCodec {
  return {
    encode: async (payloads, context) =>
      await Promise.resolve(payloads.map((payload) => seal(payload, keys, namespace, context))),
    decode: async (payloads, context) =>
      await Promise.resolve(payloads.map((payload) => verify(payload, keys, namespace, context))),
  };
}

function seal(payload: Payload, keys: KeyRing, namespace: string, context: SerializationContext | undefined): Payload {
  const { [AS]: kind, ...metadata } = payload.metadata ?? {};
  if (!kind) return payload;
  const place = placeOf(namespace, context);
  // A bug of ours: the SDK always names a workflow where we seal.
  if (!place) throw new Error(`a value is to be sealed as ${Buffer.from(kind).toString()}, and belongs to no workflow`);
  const key = keys.sealing();
  const mac = macOf(key.secret, [...place, kind, metadata['encoding'], payload.data]);
  return { ...payload, metadata: { ...metadata, [SEAL]: Buffer.concat([key.id, mac, kind]) } };
}

function verify(
  payload: Payload,
  keys: KeyRing,
  namespace: string,
  context: SerializationContext | undefined,
): Payload {
  // Marks that arrive with the payload are removed: only this function may set them.
  const { [AS]: _as, [VERIFIED]: _verified, [BROKEN]: _broken, [SEAL]: bytes, ...metadata } = payload.metadata ?? {};
  if (!bytes) return payload.metadata ? { ...payload, metadata } : payload;
  const [id, mac, kind] = cut(bytes);
  const mark = (field: string, text: Uint8Array): Payload => ({ ...payload, metadata: { ...metadata, [field]: text } });
  const refuse = (problem: string): Payload => mark(BROKEN, Buffer.from(problem));
  const place = placeOf(namespace, context);
  const key = keys.find(id);
  if (!key)
    return refuse(`it is sealed with key ${id.toString('hex')}, which this worker lacks (it has ${keys.ids().join()})`);
  const expected = place && macOf(key.secret, [...place, kind, metadata['encoding'], payload.data]);
  if (!expected || expected.length !== mac.length || !timingSafeEqual(expected, mac))
    return refuse('its seal does not fit: it was changed, or sealed for another workflow or activity');
  return mark(VERIFIED, kind);
}

/** The workflow, or the activity of it, that a payload belongs to. */
function placeOf(namespace: string, context: SerializationContext | undefined): Uint8Array[] | undefined {
  if (context?.workflowId === undefined) return undefined;
  const activity = context.type === 'activity' ? (context.activityId ?? '') : '';
  return [context.type, namespace, context.workflowId, activity].map((text) => Buffer.from(text));
}

/** A MAC over the parts, each with its length in front, so that the border between two parts can't move. */
function macOf(secret: Buffer, parts: readonly (Uint8Array | null | undefined)[]): Buffer {
  const mac = createHmac('sha256', secret).update('coxswain seal 1\n');
  for (const part of parts) {
    // The SDK turns missing bytes into an empty array, so both give the same MAC.
    const bytes = Buffer.from(part ?? []);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    mac.update(length).update(bytes);
  }
  return mac.digest().subarray(0, MAC_BYTES);
}

function cut(bytes: Uint8Array): [id: Buffer, mac: Buffer, kind: Buffer] {
  const all = Buffer.from(bytes);
  return [all.subarray(0, ID_BYTES), all.subarray(ID_BYTES, ID_BYTES + MAC_BYTES), all.subarray(ID_BYTES + MAC_BYTES)];
}
