import type { RecordedSlice } from '../connection/connection.ts';
import type { Consultation, Outbox } from './outbox.ts';

/** Holds out against network losses, not against a reload: the page warns where it has to use this one. */
export function createMemoryOutbox(): Outbox {
  const consultations = new Map<string, Consultation>();
  const slices = new Map<string, Map<number, RecordedSlice>>();
  const of = (id: string) => slices.get(id) ?? new Map<number, RecordedSlice>();

  return {
    durable: false,
    async consultations() {
      return [...consultations.values()].sort((a, b) => b.startedAt - a.startedAt);
    },
    async save(consultation) {
      consultations.set(consultation.id, structuredClone(consultation));
    },
    async put(id, ordinal, slice) {
      slices.set(id, of(id).set(ordinal, structuredClone(slice)));
    },
    async get(id, ordinal) {
      return of(id).get(ordinal);
    },
    async held(id) {
      return [...of(id).keys()].sort((a, b) => a - b);
    },
    async purge(id, before) {
      for (const ordinal of of(id).keys()) if (ordinal < before) of(id).delete(ordinal);
    },
    async truncate(id, from) {
      for (const ordinal of of(id).keys()) if (ordinal >= from) of(id).delete(ordinal);
    },
    async remove(id) {
      consultations.delete(id);
      slices.delete(id);
    },
    close() {},
  };
}
