/** As prom-client writes it. */
export const PLAIN = 'text/plain; version=0.0.4; charset=utf-8';
/** What Prometheus asks for first. */
export const OPEN_METRICS = 'application/openmetrics-text; version=1.0.0; charset=utf-8';

/** Whether somebody who accepts that is to get OpenMetrics: they name it, and do not refuse it by `q=0`. */
export function wantsOpenMetrics(accept: string | undefined): boolean {
  return (accept ?? '')
    .split(',')
    .map((range) => range.trim().toLowerCase())
    .some((range) => range.startsWith('application/openmetrics-text') && !/;\s*q=0(\.0*)?$/.test(range));
}

/**
 * Figures in the text format 0.0.4, said in OpenMetrics 1.0: a family of counters is named without `_total`, there are
 * no empty lines, and an end is marked. By hand, since prom-client changes the names of its counters for good once it
 * has written that form, so that no reader of the other one finds them any more.
 * Source: https://prometheus.io/docs/specs/om/open_metrics_spec/
 */
export function toOpenMetrics(text: string): string {
  const counters = new Set([...text.matchAll(/^# TYPE (\S+) counter$/gm)].map(([, name = '']) => name));
  const lines = text.split('\n').flatMap((line) => {
    if (line === '') return [];
    const [, kind, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) ?(.*)$/.exec(line) ?? [];
    const family = counters.has(name) ? name.replace(/_total$/, '') : name;
    if (kind === 'TYPE') return [`# TYPE ${family} ${rest}`];
    if (kind === 'HELP') return [`# HELP ${family} ${rest.replaceAll('"', String.raw`\"`)}`];
    const [sample = ''] = /^[^{ ]+/.exec(line) ?? [];
    return [
      counters.has(sample) && !sample.endsWith('_total') ? line.replace(sample, `${sample}_total`) : line,
    ];
  });
  return [...lines, '# EOF', ''].join('\n');
}
