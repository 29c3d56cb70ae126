import { Counter, type Registry } from 'prom-client';

/** Figures about what is asked of Prometheus; none is of one gate or server. */
export class QueryMetrics {
  readonly #queries: Counter<'kind'>;
  readonly #questions: Counter<'kind'>;
  readonly #fallbacks: Counter;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#queries = new Counter({
      name: 'sluice_gate_queries_total',
      help: 'Queries that were sent to Prometheus: single for one question, shared for several that differ by labels.',
      labelNames: ['kind'],
      registers,
    });
    this.#questions = new Counter({
      name: 'sluice_gate_questions_total',
      help: 'Questions in those queries, by the kind of the query.',
      labelNames: ['kind'],
      registers,
    });
    for (const kind of ['single', 'shared']) {
      this.#queries.inc({ kind }, 0);
      this.#questions.inc({ kind }, 0);
    }
    this.#fallbacks = new Counter({
      name: 'sluice_gate_query_fallbacks_total',
      help: 'Shared queries that failed, so that their questions were asked singly.',
      registers,
    });
  }

  /** A query was sent and has ended. */
  sent({ questions, fellBack }: { questions: number; fellBack: boolean }): void {
    const kind = questions > 1 ? 'shared' : 'single';
    this.#queries.inc({ kind });
    this.#questions.inc({ kind }, questions);
    if (fellBack) this.#fallbacks.inc();
  }
}
