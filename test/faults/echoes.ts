/** What a server answers to somebody who has sent it this token. */
export type Echo = (token: string) => { status: number; body: string; headers?: Record<string, string> };

const vector = (...result: object[]): string =>
  JSON.stringify({ status: 'success', data: { resultType: 'vector', result } });
const error = (text: string): string =>
  JSON.stringify({ status: 'error', errorType: text, error: `no: ${text}` });
/** How servers give back the token that they were sent. */
export const ECHOES: Record<string, Echo> = {
  '400': (t) => ({ status: 400, body: error(t) }),
  '401': (t) => ({ status: 401, body: error(`Bearer ${t}`) }),
  '422-upper': (t) => ({ status: 422, body: error(t.toUpperCase()) }),
  '500-html': (t) => ({ status: 500, body: `<html>${t}</html>` }),
  '503-halves': (t) => ({ status: 503, body: error(`${t.slice(0, 20)} and ${t.slice(20)}`) }),
  '503-spaced': (t) => ({ status: 503, body: error(`${t.slice(0, 10)}\n${t.slice(10)}`) }),
  '200-html': (t) => ({ status: 200, body: `<html>${t}</html>` }),
  labels: (t) => ({
    status: 200,
    body: vector({ metric: { [t]: t, a: `x${t}y` }, value: [1, '0'] }, { metric: { b: t }, value: [1, '0'] }),
  }),
  value: (t) => ({ status: 200, body: vector({ metric: {}, value: [1, t] }) }),
  warning: (t) => ({
    status: 200,
    body: JSON.stringify({
      status: 'success',
      warnings: [t, `${t.slice(3)}!`],
      data: { resultType: 'scalar', result: [Date.now() / 1000, 'NaN'] },
    }),
  }),
  location: (t) => ({ status: 302, body: '', headers: { location: `http://elsewhere.invalid/${t}` } }),
  headers: (t) => ({
    status: 429,
    body: '',
    headers: { 'retry-after': t, 'www-authenticate': `Bearer ${t}` },
  }),
};
