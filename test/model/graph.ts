/** A list of whole numbers that grows, four bytes each. */
class Numbers {
  #at = new Int32Array(1 << 16);
  length = 0;

  push(value: number): void {
    if (this.length === this.#at.length) {
      const wider = new Int32Array(this.length * 2);
      wider.set(this.#at);
      this.#at = wider;
    }
    this.#at[this.length++] = value;
  }

  get(index: number): number {
    return this.#at[index] ?? -1;
  }
}

/** States by number, how each was first reached, and the edges along which the end is to be reachable. */
export class Graph {
  readonly #parents = new Numbers();
  readonly #labels = new Numbers();
  readonly #from = new Numbers();
  readonly #to = new Numbers();

  get states(): number {
    return this.#parents.length;
  }

  /** One state more, first reached from `parent` (-1: it is the first) by `label`; its number. */
  add(parent: number, label: number): number {
    this.#parents.push(parent);
    this.#labels.push(label);
    return this.#parents.length - 1;
  }

  edge(from: number, to: number): void {
    if (from === to) return;
    this.#from.push(from);
    this.#to.push(to);
  }

  /** Labels of a shortest way from the first state to this one. */
  pathTo(state: number): number[] {
    const path: number[] = [];
    for (let at = state; this.#parents.get(at) >= 0; at = this.#parents.get(at))
      path.push(this.#labels.get(at));
    return path.toReversed();
  }

  /** The states from which none of `ends` can be reached along the edges. */
  stuck(ends: Iterable<number>): number[] {
    const reaches = new Uint8Array(this.states);
    const { starts, sources } = this.#backwards();
    const open = [...ends];
    for (const end of open) reaches[end] = 1;
    for (let state = open.pop(); state !== undefined; state = open.pop())
      for (let i = starts[state] ?? 0; i < (starts[state + 1] ?? 0); i += 1) {
        const source = sources[i] ?? 0;
        if (reaches[source]) continue;
        reaches[source] = 1;
        open.push(source);
      }
    return [...reaches].flatMap((reached, state) => (reached ? [] : [state]));
  }

  /** For each state the sources of its edges: those of state `s` are `sources[starts[s]..starts[s + 1])`. */
  #backwards(): { starts: Int32Array; sources: Int32Array } {
    const starts = new Int32Array(this.states + 1);
    const count = this.#to.length;
    for (let i = 0; i < count; i += 1) {
      const to = this.#to.get(i) + 1;
      starts[to] = (starts[to] ?? 0) + 1;
    }
    for (let s = 0; s < this.states; s += 1) starts[s + 1] = (starts[s + 1] ?? 0) + (starts[s] ?? 0);
    const next = starts.slice();
    const sources = new Int32Array(count);
    for (let i = 0; i < count; i += 1) {
      const to = this.#to.get(i);
      const slot = next[to] ?? 0;
      sources[slot] = this.#from.get(i);
      next[to] = slot + 1;
    }
    return { starts, sources };
  }
}
