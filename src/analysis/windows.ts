import { Recurrence, type WindowSpec } from './window.ts';

/** Whether a place is open at an instant, why, and until when. Epoch milliseconds. */
export interface Opening {
  open: boolean;
  /** For people, without an instruction. */
  reason: string;
  /** The windows that close it: Deny windows that are on, or the Allow windows that are off. */
  closedBy: readonly string[];
  /** When it opens again; undefined while it is open, and where that is not known. */
  nextOpen?: number;
  /** When it closes next; undefined while it is closed, and where that is not known. */
  nextClose?: number;
  /** Up to here `open` holds: it is to be asked again then. Infinity: for ever. */
  until: number;
}

/** Events that are walked through to find the next change; with more, it is asked again at the last one. */
const MOST_EVENTS = 256;

/**
 * The windows of one Environment. Open means: no Deny window is on, and there is no Allow window or one of them
 * is on. Windows of one kind may overlap.
 */
export class Windows {
  readonly #windows: readonly { spec: WindowSpec; recurrence: Recurrence }[];
  #last: Opening | undefined;
  #lastFrom = 0;

  /** @throws RangeError when a schedule or a time zone cannot be read */
  constructor(specs: readonly WindowSpec[]) {
    this.#windows = specs.map((spec) => ({ spec, recurrence: new Recurrence(spec) }));
  }

  /** The state at an instant. What was found is kept for as long as it holds. */
  at(now: number): Opening {
    if (!this.#last || now < this.#lastFrom || now >= this.#last.until) {
      this.#last = this.#look(now);
      this.#lastFrom = now;
    }
    return this.#last;
  }

  #look(now: number): Opening {
    const first = this.#stateAt(now);
    let [event, until] = [first, now];
    for (let seen = 0; seen < MOST_EVENTS; seen += 1) {
      if (event.next === undefined) return { ...describe(first), until: Number.POSITIVE_INFINITY };
      until = event.next;
      event = this.#stateAt(until);
      if (event.open !== first.open)
        return { ...describe(first), until, ...(first.open ? { nextClose: until } : { nextOpen: until }) };
    }
    return { ...describe(first), until };
  }

  /** The state at an instant, and the next instant at which any window begins or ends. */
  #stateAt(now: number): State {
    const looked = this.#windows.map(({ spec, recurrence }) => {
      const end = recurrence.endAt(now);
      return { spec, isOn: end !== undefined, next: end ?? recurrence.nextStart(now) };
    });
    const on = (kind: WindowSpec['kind']): Looked[] => looked.filter((w) => w.spec.kind === kind && w.isOn);
    const allows = looked.filter((w) => w.spec.kind === 'Allow');
    const nexts = looked.flatMap(({ next }) => (next === undefined ? [] : [next]));
    const [denying, allowing] = [on('Deny'), on('Allow')];
    return {
      open: denying.length === 0 && (allows.length === 0 || allowing.length > 0),
      denying,
      allowing,
      allows,
      next: nexts.length === 0 ? undefined : Math.min(...nexts),
    };
  }
}

interface Looked {
  spec: WindowSpec;
  isOn: boolean;
  next: number | undefined;
}

interface State {
  open: boolean;
  denying: readonly Looked[];
  allowing: readonly Looked[];
  allows: readonly Looked[];
  next: number | undefined;
}

const names = (windows: readonly Looked[]): string[] => windows.map(({ spec }) => spec.name);

function describe({ open, denying, allowing, allows }: State): Pick<Opening, 'open' | 'reason' | 'closedBy'> {
  if (denying.length > 0)
    return { open, reason: `${named(names(denying))} keeps it closed`, closedBy: names(denying) };
  if (allowing.length > 0) return { open, reason: `${named(names(allowing))} is open`, closedBy: [] };
  if (allows.length === 0) return { open, reason: 'no window closes it', closedBy: [] };
  return { open, reason: `outside ${named(names(allows))}`, closedBy: names(allows) };
}

function named(names: readonly string[]): string {
  return `${names.length === 1 ? 'window' : 'windows'} ${names.join(', ')}`;
}
