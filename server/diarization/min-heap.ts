/** A binary heap over the keys 0 … n-1 whose values may change while they are in it. */
export interface MinHeap {
  /** The key with the smallest value. */
  top(): number;
  removeTop(): void;
  change(key: number, value: number): void;
  valueOf(key: number): number;
}

export function createMinHeap(values: Float64Array): MinHeap {
  const value = values.slice();
  const keys = Int32Array.from(value.keys());
  const position = Int32Array.from(value.keys());
  let size = keys.length;

  const place = (key: number, at: number) => {
    keys[at] = key;
    position[key] = at;
  };
  const up = (key: number) => {
    let at = position[key]!;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = keys[parent]!;
      if (value[above]! <= value[key]!) break;
      place(above, at);
      at = parent;
    }
    place(key, at);
  };
  const down = (key: number) => {
    let at = position[key]!;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= size) break;
      if (child + 1 < size && value[keys[child + 1]!]! < value[keys[child]!]!) child += 1;
      const below = keys[child]!;
      if (value[below]! >= value[key]!) break;
      place(below, at);
      at = child;
    }
    place(key, at);
  };
  for (let at = (size >> 1) - 1; at >= 0; at -= 1) down(keys[at]!);

  return {
    top: () => keys[0]!,
    valueOf: (key) => value[key]!,
    removeTop() {
      size -= 1;
      if (size === 0) return;
      const last = keys[size]!;
      place(last, 0);
      down(last);
    },
    change(key, next) {
      const before = value[key]!;
      value[key] = next;
      if (next < before) up(key);
      else down(key);
    },
  };
}
