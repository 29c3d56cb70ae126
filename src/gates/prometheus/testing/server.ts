import type { ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { type LocalServer, serve } from '../../../../test/harness/http.ts';
import type { Sample } from '../../../analysis/sample.ts';
import { placeholderVars, type TemplateVars } from '../../../analysis/template.ts';
import { prometheusSpec } from '../../../api/v1alpha1/gate.ts';
import { ApiError } from '../../../kube/errors.ts';
import { systemClock } from '../../../runtime/clock.ts';
import { createHttp } from '../../../runtime/http.ts';
import type { Secrets } from '../../gate.ts';
import { prometheusGate } from '../index.ts';

/** A namespace without Secrets. */
export const noSecrets: Secrets = {
  namespace: 'shop',
  read: async (name) => Promise.reject(new ApiError(404, `secrets "${name}" not found`)),
  forget: () => {},
};

/** Plays one answer. */
export type Reply = (response: ServerResponse) => void;

export const NOW = 1_700_000_000;

const json =
  (status: number, body: unknown): Reply =>
  (response) =>
    void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));

/** One element of an instant vector. */
export const series = (value: string, metric: Record<string, string> = {}, at: number = NOW) => ({
  metric,
  value: [at, value],
});

export const vector = (...result: unknown[]): Reply =>
  json(200, { status: 'success', data: { resultType: 'vector', result } });

export const number = (value: number | string, at: number = NOW): Reply =>
  vector(series(String(value), {}, at));

export const nothing: Reply = vector();

export const success = (data: unknown, more: object = {}): Reply =>
  json(200, { status: 'success', data, ...more });

export const refusal = (status: number, errorType: string, error: string): Reply =>
  json(status, { status: 'error', errorType, error });

export const raw =
  (status: number, body: string, headers: Record<string, string> = {}): Reply =>
  (response) =>
    void response.writeHead(status, headers).end(body);

/** An answer without end. */
export const endless: Reply = (response) => {
  response.writeHead(200);
  const pour = (): void => {
    while (!response.destroyed && response.write(' '.repeat(65_536)));
    if (!response.destroyed) response.once('drain', pour);
  };
  pour();
};

/** The connection stays open, and nothing comes. */
export const hang: Reply = () => {};

/** A Prometheus on loopback that answers queries as it is told: by what they contain, first match first. */
export interface FakePrometheus extends LocalServer {
  replies: [contains: string, reply: Reply][];
  /** Method, path and form of each request so far. */
  requests: { method: string; path: string; form: URLSearchParams }[];
}

export async function fakePrometheus(): Promise<FakePrometheus> {
  const requests: FakePrometheus['requests'] = [];
  const fake: FakePrometheus = { replies: [], requests, url: '', stop: async () => {} };
  const server = await serve(async (request, response) => {
    const form = new URLSearchParams(await text(request));
    requests.push({ method: request.method ?? '', path: request.url ?? '', form });
    const query = form.get('query') ?? '';
    const reply = fake.replies.find(([contains]) => query.includes(contains))?.[1];
    (reply ?? raw(599, 'not played'))(response);
  });
  return Object.assign(fake, server);
}

export const QUERY =
  'sum(rate(errors{hash="{{ canaryHash }}"}[1m])) / sum(rate(requests{hash="{{ canaryHash }}"}[1m]))';
export const COUNT = 'sum(increase(total[1m]))';
export const BASE = { query: QUERY, pass: 'value <= 0.01' };
export const VARS: TemplateVars = { ...placeholderVars, canaryHash: 'abc', args: { limit: '0.5' } };

/** What each query of a sample is answered with; by default a good value, many samples and fresh data. */
export interface Given {
  value?: Reply;
  samples?: Reply;
  age?: Reply;
}

export interface GateWorld {
  server: FakePrometheus;
  evaluate(spec: object, given: Given, signal?: AbortSignal): Promise<Sample>;
  stop(): Promise<void>;
}

/** A Prometheus to play with and a gate that asks it, with half a second of patience. */
export async function gateWorld(): Promise<GateWorld> {
  const server = await fakePrometheus();
  const http = createHttp({ allowLoopback: true, timeoutMs: 500 });
  return {
    server,
    async evaluate(spec, given, signal = new AbortController().signal) {
      server.replies = [
        ['timestamp(', given.age ?? number(3)],
        ['total', given.samples ?? number(500)],
        ['', given.value ?? number(0.001)],
      ];
      const context = {
        vars: VARS,
        defaultAddress: server.url,
        http,
        clock: systemClock,
        secrets: noSecrets,
        signal,
      };
      return prometheusGate.evaluate(prometheusSpec.parse({ ...BASE, ...spec }), context);
    },
    async stop() {
      http.close();
      await server.stop();
    },
  };
}
