import { merge, type Merged, shapeOf, split } from '../../analysis/promql-batch.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Http } from '../../runtime/http.ts';
import { type Answer, type Endpoint, instantQuery } from './client.ts';
import { Apart } from './apart.ts';
import { type Blame, blameOf, withoutWords } from './blame.ts';
import { Question, type Shaped } from './question.ts';
import { Requests } from './requests.ts';

/** One request sent, for metrics. */
export interface QueryEvent {
  /** Questions that it answers; more than one: it was a shared query. */
  questions: number;
  /** A shared query whose questions are asked singly again. */
  fellBack: boolean;
}

export interface BatcherOptions {
  http: Http;
  clock: Clock;
  /** Most requests in flight to one server; default 32. */
  requestsPerServer?: number;
  observe?(event: QueryEvent): void;
}

/** What Prometheus answers for within milliseconds; see docs/design/2026-11-26-query-planner.md. */
const MOST_QUESTIONS = 50;
/** VictoriaMetrics reads at most 16 KiB by default, the least of all servers. */
const MOST_BYTES = 16_000;

/** Asked in one turn of the event loop, of one server with the same credentials, at one time. */
type Group = Map<string, Question>;

/**
 * Asks queries of many gates that differ only by the values of labels as one query. Whatever cannot be proven to
 * have the same answer that way is asked by itself.
 */
export class Batcher {
  readonly #options: BatcherOptions;
  readonly #requests: Requests;
  #groups = new Map<string, Group>();
  readonly #apart: Apart;

  constructor(options: BatcherOptions) {
    this.#options = options;
    this.#apart = new Apart(options.clock);
    this.#requests = new Requests(options.requestsPerServer ?? 32);
  }

  /**
   * One instant query, as `instantQuery` in client.ts, together with what else is asked in this turn.
   * @throws QueryError
   */
  async ask(endpoint: Endpoint, query: string, signal: AbortSignal, time?: number): Promise<Answer> {
    const { sharedBy, headers, tls } = endpoint;
    if (sharedBy === undefined) {
      const question = new Question(endpoint, query, time);
      const answer = question.wait(signal);
      this.#single(question);
      return answer;
    }
    if (this.#groups.size === 0) setImmediate(() => this.#flush());
    const name = JSON.stringify([sharedBy, headers, tls?.ca, time]);
    const group: Group = this.#groups.get(name) ?? new Map<string, Question>();
    this.#groups.set(name, group);
    const question = group.get(query) ?? new Question(endpoint, query, time);
    group.set(query, question);
    return question.wait(signal);
  }

  #flush(): void {
    const groups = this.#groups;
    this.#groups = new Map();
    for (const group of groups.values()) {
      const questions = [...group.values()].filter((question) => !question.isAbandoned);
      try {
        this.#plan(questions);
      } catch (error) {
        // Nobody awaits this turn: a defect of ours is the Error of those who ask, and not the end of the process.
        for (const question of questions) question.fail(error);
      }
    }
  }

  #plan(questions: readonly Question[]): void {
    const shaped = questions.length > 1 ? questions.map((question) => this.#shaped(question)) : [];
    const shapes = Map.groupBy(
      shaped.filter((one) => one !== undefined),
      ({ shape }) => shape.key,
    );
    const together = [...shapes.values()].flatMap(distinct);
    const shared = new Set(together.flat().map(({ question }) => question));
    for (const question of questions) if (!shared.has(question)) this.#single(question);
    for (const members of together) this.#together(members);
  }

  /** The question with its shape; undefined when it has to be asked singly. */
  #shaped(question: Question): Shaped | undefined {
    const shape = shapeOf(question.text);
    if (shape === undefined || this.#apart.has(question.endpoint, shape)) return undefined;
    const { redact } = question.endpoint;
    // Labels of the answer are redacted: a value that does not come back as it is could not be found.
    const comesBack = [...shape.values].every(
      ([name, value]) => redact(name) === name && redact(value) === value,
    );
    return comesBack ? { question, shape } : undefined;
  }

  #together(members: readonly Shaped[]): void {
    if (members.length > MOST_QUESTIONS)
      return this.#parts(members, Math.ceil(members.length / MOST_QUESTIONS));
    const merged = merge(members.map(({ shape }) => shape));
    if (merged === undefined) for (const { question } of members) this.#single(question);
    else if (Buffer.byteLength(merged.query) > MOST_BYTES) this.#parts(members, 2);
    else this.#shared(members, merged);
  }

  #parts(members: readonly Shaped[], count: number): void {
    const size = Math.ceil(members.length / count);
    for (let at = 0; at < members.length; at += size) {
      const part = members.slice(at, at + size);
      if (part.length > 1) this.#together(part);
      else for (const { question } of part) this.#single(question);
    }
  }

  #single(question: Question): void {
    this.#requests.add([question], async (signal) => {
      this.#options.observe?.({ questions: 1, fellBack: false });
      await this.#send(question, question.text, signal).then(
        (answer) => question.answer(answer),
        (error: unknown) => question.fail(error),
      );
    });
  }

  #shared(members: readonly Shaped[], merged: Merged): void {
    const questions = members.map(({ question }) => question);
    const [first] = members;
    if (first === undefined) return;
    this.#requests.add(questions, async (signal) => {
      const failed = await this.#send(first.question, merged.query, signal)
        .then((answer) => deal(answer, members, merged))
        .catch((error: unknown) => {
          const blame = blameOf(error);
          if (blame !== 'query') for (const question of questions) question.fail(withoutWords(error));
          return blame;
        });
      this.#options.observe?.({ questions: questions.length, fellBack: failed === 'query' });
      if (failed === 'query' || failed === 'perhaps') this.#apart.add(first.question.endpoint, first.shape);
      if (failed !== 'query') return;
      for (const question of questions) if (!question.isAbandoned) this.#single(question);
    });
  }

  async #send({ endpoint, time }: Question, query: string, signal: AbortSignal): Promise<Answer> {
    return instantQuery(this.#options.http, endpoint, query, signal, time);
  }
}

/** Two or more with different values, but those that only write the same values in another way. */
function distinct(members: readonly Shaped[]): Shaped[][] {
  const byValues = new Map(members.map((one) => [JSON.stringify([...one.shape.values.values()]), one]));
  return byValues.size > 1 ? [[...byValues.values()]] : [];
}

/**
 * Gives each question its part of the answer. What the server warns of cannot be told apart: nothing is given then.
 * With two labels the server answers for every pair of their values; where most of those were never asked for, it
 * works more than it would for each by itself.
 */
function deal(answer: Answer, members: readonly Shaped[], merged: Merged): Blame | undefined {
  if (answer.warnings.length > 0) return 'query';
  const { at } = answer;
  const parts = split(
    answer.series,
    merged,
    members.map(({ shape }) => shape),
  );
  let given = 0;
  for (const [i, { question }] of members.entries()) {
    const series = parts[i] ?? [];
    given += series.length;
    question.answer({ series, ...(at !== undefined && series.length > 0 && { at }), warnings: [] });
  }
  return answer.series.length > 2 * given + MOST_QUESTIONS ? 'perhaps' : undefined;
}
