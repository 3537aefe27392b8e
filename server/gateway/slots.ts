/** Counts who is inside: no more than `total` at once, and no more than `perKey` of one address or person. */
export interface Slots {
  hasRoom(key: string): boolean;
  /** The function returned gives the place back and may be called more than once; undefined: there is no room. */
  enter(key: string): (() => void) | undefined;
}

export function createSlots(limit: { total: number; perKey: number }): Slots {
  const inside = new Map<string, number>();
  let count = 0;
  const hasRoom = (key: string) => count < limit.total && (inside.get(key) ?? 0) < limit.perKey;
  return {
    hasRoom,
    enter(key) {
      if (!hasRoom(key)) return undefined;
      count += 1;
      inside.set(key, (inside.get(key) ?? 0) + 1);
      let left = false;
      return () => {
        if (left) return;
        left = true;
        count -= 1;
        const rest = inside.get(key)! - 1;
        if (rest === 0) inside.delete(key);
        else inside.set(key, rest);
      };
    },
  };
}
