import { Recurrence, type WindowSpec } from './window.ts';

/** Whether a place is open at an instant, why, and until when. Epoch milliseconds. */
export interface Opening {
  open: boolean;
  /** For people, without an instruction. */
  reason: string;
  /** The windows that keep it closed: Deny windows that are on, and the Allow windows where all of them are off. */
  closedBy: readonly string[];
  /** When it opens again; undefined while it is open, and where that is not known. */
  nextOpen?: number;
  /** When it closes next; undefined while it is closed, and where that is not known. */
  nextClose?: number;
  /** Up to here all of this holds: it is to be asked again then. Infinity: for ever. */
  until: number;
  /** Up to here `open` is known to hold, whatever closes it. */
  steadyUntil: number;
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
    const said = describe(first);
    let [event, changed, last] = [first, undefined as number | undefined, now];
    for (let seen = 0; seen < MOST_EVENTS; seen += 1) {
      const { next } = event;
      if (next === undefined) {
        const never = Number.POSITIVE_INFINITY;
        return { ...said, until: changed ?? never, steadyUntil: never };
      }
      last = next;
      event = this.#stateAt(next);
      // Another window that keeps it closed may ask for more of those in flight.
      if (describe(event).closedBy.join(' ') !== said.closedBy.join(' ')) changed ??= next;
      if (event.open === first.open) continue;
      const change = first.open ? { nextClose: next } : { nextOpen: next };
      return { ...said, until: changed ?? next, steadyUntil: next, ...change };
    }
    return { ...said, until: changed ?? last, steadyUntil: last };
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
  if (open) {
    const reason =
      allowing.length > 0 ? `${named(names(allowing), ['is', 'are'])} open` : 'no window closes it';
    return { open, reason, closedBy: [] };
  }
  const off = allowing.length > 0 ? [] : allows;
  const reasons = [
    ...(denying.length > 0 ? [`${named(names(denying), ['keeps', 'keep'])} it closed`] : []),
    ...(off.length > 0 ? [`outside ${named(names(off))}`] : []),
  ];
  return { open, reason: reasons.join(', '), closedBy: names([...off, ...denying]) };
}

function named(names: readonly string[], [one, several] = ['', '']): string {
  const isOne = names.length === 1;
  return `${isOne ? 'window' : 'windows'} ${names.join(', ')} ${isOne ? one : several}`.trimEnd();
}
