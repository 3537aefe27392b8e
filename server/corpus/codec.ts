/** Event data to bytes and back: msgpack maps, validated both ways. */
import { Packr } from 'msgpackr';
import { type EventData, type EventType, eventData } from '../../shared/events.ts';

// Plain maps: what was written years ago must not depend on record tables of one library.
const packr = new Packr({ useRecords: false, variableMapSize: true });

/** What is stored is what is answered: unknown fields are gone. @throws ZodError without the values. */
export function validate<Type extends EventType>(type: Type, data: unknown): EventData<Type> {
  return eventData[type].parse(data) as EventData<Type>;
}

export function encodeData(data: unknown): Uint8Array {
  return packr.pack(data);
}

/** @throws Error when the bytes are not data of an event of this type. */
export function decodeData<Type extends string>(type: Type, bytes: Uint8Array): unknown {
  if (!isEventType(type)) throw new Error(`There is no event type ${type}.`);
  return validate(type, packr.unpack(bytes));
}

export function isEventType(type: string): type is EventType {
  return Object.hasOwn(eventData, type);
}
