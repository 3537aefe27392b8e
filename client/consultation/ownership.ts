/** At most one tab of a browser records a consultation. The lock goes with its tab, however that ends. */

export interface Ownership {
  release(): void;
}

/** `elsewhere`: another tab has it. `steal` takes it from there; `onLost` is called in the tab that had it. */
export function own(
  consultation: string,
  { steal = false, onLost }: { steal?: boolean; onLost(): void },
): Promise<Ownership | 'elsewhere'> {
  return new Promise((resolve) => {
    let release = () => {};
    let owned = false;
    navigator.locks
      .request(`auscult-${consultation}`, steal ? { steal } : { ifAvailable: true }, (lock) => {
        if (lock === null) return resolve('elsewhere');
        owned = true;
        return new Promise<void>((free) => {
          release = free;
          resolve({ release: () => release() });
        });
      })
      .catch(() => {
        if (owned) onLost();
        else resolve('elsewhere');
      });
  });
}
