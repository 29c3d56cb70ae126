import { type Panel, ROWS } from './dashboard-panels.ts';
import type { Generated } from './files.ts';

/* The Grafana dashboard, as Grafana reads it. */

const SOURCE = { type: 'prometheus', uid: '${datasource}' };
const [WIDTH, HEIGHT, ACROSS] = [8, 8, 3];

function panelOf(
  { title, description, queries, unit, kind = 'timeseries' }: Panel,
  at: object,
  id: number,
): object {
  return {
    id,
    type: kind,
    title,
    description,
    datasource: SOURCE,
    gridPos: at,
    fieldConfig: { defaults: { ...(unit && { unit }) }, overrides: [] },
    targets: queries.map(([expr, legendFormat], i) => ({
      refId: String.fromCharCode(65 + i),
      expr,
      legendFormat,
      datasource: SOURCE,
      ...(kind === 'timeseries' ? {} : { instant: true, ...(kind === 'table' && { format: 'table' }) }),
    })),
  };
}

/** `charts/sluice/dashboards/sluice.json`. */
export function dashboardFile(): Generated {
  const panels: object[] = [];
  let y = 0;
  for (const row of ROWS) {
    panels.push({
      id: panels.length + 1,
      type: 'row',
      title: row.title,
      collapsed: false,
      gridPos: { x: 0, y, w: WIDTH * ACROSS, h: 1 },
      panels: [],
    });
    y += 1;
    for (const [i, panel] of row.panels.entries()) {
      const at = { x: (i % ACROSS) * WIDTH, y: y + Math.floor(i / ACROSS) * HEIGHT, w: WIDTH, h: HEIGHT };
      panels.push(panelOf(panel, at, panels.length + 1));
    }
    y += Math.ceil(row.panels.length / ACROSS) * HEIGHT;
  }
  const dashboard = {
    uid: 'sluice',
    title: 'Sluice',
    tags: ['sluice'],
    schemaVersion: 39,
    editable: true,
    refresh: '30s',
    time: { from: 'now-6h', to: 'now' },
    templating: {
      list: [
        { name: 'datasource', type: 'datasource', query: 'prometheus', label: 'Prometheus' },
        {
          name: 'job',
          type: 'query',
          label: 'Job',
          datasource: SOURCE,
          query: 'label_values(sluice_promotions_total, job)',
          includeAll: true,
          refresh: 1,
        },
      ],
    },
    panels,
  };
  return {
    path: 'charts/sluice/dashboards/sluice.json',
    text: `${JSON.stringify(dashboard, undefined, 2)}\n`,
  };
}
