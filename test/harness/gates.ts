/** Gates whose answers do not depend on traffic. */
const answering = (query: string, pass: string, fail?: string): object => ({
  prometheus: { query, pass, ...(fail && { fail }) },
  intervalSeconds: 1,
});

/** Passes each time. */
export const PASSING = answering('vector(1)', 'value > 0.0');
/** Fails each time. */
export const FAILING = answering('vector(0)', 'value > 0.0');
/** Answers each time and says neither yes nor no. */
export const UNDECIDED = answering('vector(1)', 'value > 1.0', 'value < 1.0');
