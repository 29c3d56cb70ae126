/** By name of the index: the values under which an object is found. Pure, and total over hostile objects. */
export type IndexFunctions<T> = Readonly<Record<string, (object: T) => readonly string[]>>;

/** Finds objects by what a function says of them, as client-go's Indexer does. */
export class Indexes<T extends object> {
  readonly #functions: IndexFunctions<T>;
  readonly #found: ReadonlyMap<string, Map<string, Set<T>>>;
  readonly #onError: ((error: unknown) => void) | undefined;

  constructor(functions: IndexFunctions<T>, onError?: (error: unknown) => void) {
    this.#functions = functions;
    this.#found = new Map(Object.keys(functions).map((name) => [name, new Map<string, Set<T>>()]));
    this.#onError = onError;
  }

  get(index: string, value: string): T[] {
    const values = this.#found.get(index);
    if (values === undefined) throw new RangeError(`There is no index '${index}'`);
    return [...(values.get(value) ?? [])];
  }

  add(object: T): void {
    for (const [values, value] of this.#places(object)) {
      const objects = values.get(value) ?? new Set();
      values.set(value, objects.add(object));
    }
  }

  /** `object` must be the one that was added, not its equal. */
  delete(object: T): void {
    for (const [values, value] of this.#places(object)) {
      const objects = values.get(value);
      objects?.delete(object);
      if (objects?.size === 0) values.delete(value);
    }
  }

  *#places(object: T): Generator<[Map<string, Set<T>>, string], void> {
    for (const [name, values] of this.#found) {
      let found: readonly string[] = [];
      try {
        found = this.#functions[name]?.(object) ?? [];
      } catch (error) {
        this.#onError?.(error);
      }
      for (const value of found) yield [values, value];
    }
  }
}
