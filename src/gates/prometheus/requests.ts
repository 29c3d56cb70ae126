import { Lanes, type Waiter } from '../../analysis/lanes.ts';
import type { Question } from './question.ts';

/** Something to be sent for one or more questions to one server. */
interface Request extends Waiter {
  questions: readonly Question[];
  controller: AbortController;
  send(signal: AbortSignal): Promise<void>;
}

/**
 * At most so many requests at once to each server; the others wait for their turn, and go away when nobody wants
 * their answer any more.
 */
export class Requests {
  readonly #lanes: Lanes<Request>;

  constructor(limit: number) {
    this.#lanes = new Lanes(limit);
  }

  /** Calls `send`, which never rejects, when it is its turn; its signal aborts when all questions are abandoned. */
  add(questions: readonly Question[], send: Request['send']): void {
    const controller = new AbortController();
    const request: Request = { questions, controller, send, waitsIn: undefined };
    const leave = (): void => {
      if (!questions.every((question) => question.isAbandoned)) return;
      this.#lanes.forget(request);
      controller.abort();
    };
    for (const question of questions) question.onAbandoned = leave;
    leave();
    if (!controller.signal.aborted) this.#start(request);
  }

  #start(request: Request): void {
    const address = request.questions[0]?.endpoint.address ?? '';
    if (!this.#lanes.enter(address, request)) return;
    void request.send(request.controller.signal).finally(() => {
      const next = this.#lanes.leave(address);
      if (next) this.#start(next);
    });
  }
}
