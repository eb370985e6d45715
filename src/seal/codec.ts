/**
 * The payload codec: seals what the converter marked, and says of each seal that comes in whether it fits.
 * Rule: decoding never throws, which would stop a run for good; the content stays as it is, for Temporal's UI and CLI.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Payload, PayloadCodec, SerializationContext } from '@temporalio/common';
import { SEAL_FIELDS } from '../core/sealed.ts';
import type { KeyRing } from './key-ring.ts';

const ID_BYTES = 4;
/** As many as nobody finds by trying: 128 bits. */
const MAC_BYTES = 16;
const { seal: SEAL, as: AS, verified: VERIFIED, broken: BROKEN } = SEAL_FIELDS;

/** Seals by these keys, for this namespace: the replayer's context names another than the worker's. */
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
  // Only a bug of ours seals where the SDK names no workflow.
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
  // Whatever says on the wire that it was verified was not.
  const { [AS]: _as, [VERIFIED]: _verified, [BROKEN]: _broken, [SEAL]: bytes, ...metadata } = payload.metadata ?? {};
  if (!bytes) return payload.metadata ? { ...payload, metadata } : payload;
  const [id, mac, kind] = cut(bytes);
  const mark = (field: string, text: Uint8Array): Payload => ({ ...payload, metadata: { ...metadata, [field]: text } });
  const refuse = (problem: string): Payload => mark(BROKEN, Buffer.from(problem));
  const place = placeOf(namespace, context);
  const key = keys.find(id);
  if (!key)
    return refuse(`its seal is of key ${id.toString('hex')}, which this worker does not have (${keys.ids().join()})`);
  const expected = place && macOf(key.secret, [...place, kind, metadata['encoding'], payload.data]);
  if (!expected || expected.length !== mac.length || !timingSafeEqual(expected, mac))
    return refuse('its seal does not fit: it was changed, or sealed for another place');
  return mark(VERIFIED, kind);
}

/** Where a payload belongs: to a workflow, or to one activity of it. */
function placeOf(namespace: string, context: SerializationContext | undefined): Uint8Array[] | undefined {
  if (context?.workflowId === undefined) return undefined;
  const activity = context.type === 'activity' ? (context.activityId ?? '') : '';
  return [context.type, namespace, context.workflowId, activity].map((text) => Buffer.from(text));
}

/** Each part with its length before it, so that no part can pass for the beginning of the next. */
function macOf(secret: Buffer, parts: readonly (Uint8Array | null | undefined)[]): Buffer {
  const mac = createHmac('sha256', secret).update('coxswain seal 1\n');
  for (const part of parts) {
    // Of no bytes, the SDK makes an empty array.
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
