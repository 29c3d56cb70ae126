/** Something that is due at an instant; the heap keeps its own place in it. */
export interface Due {
  /** Monotonic milliseconds. Changed only while the item is in no heap. */
  due: number;
  /** Place in the heap, or -1. */
  heapIndex: number;
}

/** A binary min-heap by `due` from which any item can be taken: all operations in O(log n). */
export class DueHeap<T extends Due> {
  readonly #items: T[] = [];

  get size(): number {
    return this.#items.length;
  }

  /** The item that is due first. */
  peek(): T | undefined {
    return this.#items[0];
  }

  push(item: T): void {
    if (item.heapIndex >= 0) throw new Error('already in a heap');
    this.#items.push(item);
    this.#up(item, this.#items.length - 1);
  }

  /** Takes an item out; false when it was not in. */
  remove(item: T): boolean {
    const at = item.heapIndex;
    if (at < 0) return false;
    item.heapIndex = -1;
    const last = this.#items.pop();
    if (last !== undefined && last !== item) this.#down(last, this.#up(last, at));
    return true;
  }

  #up(item: T, from: number): number {
    let at = from;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = this.#items[above];
      if (parent === undefined || parent.due <= item.due) break;
      this.#place(parent, at);
      at = above;
    }
    this.#place(item, at);
    return at;
  }

  #down(item: T, from: number): void {
    let at = from;
    for (;;) {
      const left = this.#items[2 * at + 1];
      const right = this.#items[2 * at + 2];
      const least = right !== undefined && left !== undefined && right.due < left.due ? right : left;
      if (least === undefined || least.due >= item.due) break;
      const below = least.heapIndex;
      this.#place(least, at);
      at = below;
    }
    this.#place(item, at);
  }

  #place(item: T, at: number): void {
    this.#items[at] = item;
    item.heapIndex = at;
  }
}
