import { afterAll, afterEach, beforeAll, expect } from '@jest/globals';
import { ApiError } from '../harness/api.ts';
import { installChart } from '../harness/helm.ts';
import { type LocalServer, serve } from '../harness/http.ts';
import { startWorld, type World } from '../harness/world.ts';
import { QUERY } from './asking.ts';
import { faultCase } from './case.ts';
import { asked } from './laws.ts';
import { REFUSED, refuses, Watched } from './watched.ts';

/*
 * Addresses of Gates that lead to what only the operator's own machine should reach. Two operators with the
 * rights of the chart, each in a namespace of its own: one as in a cluster, one with --allow-loopback. What each
 * has resolved and connected to is on record, so that a refusal is proven, not only said.
 */

const GOOD = '{"status":"success","data":{"resultType":"scalar","result":[1,"0"]}}';

let world: World;
/** On loopback; finds every release good. Nobody may get there. */
let inside: LocalServer;
let visits = 0;
/** On loopback; redirects to the address that its path has in base64. */
let redirecting: LocalServer;
let strict: Watched;
let loose: Watched;

beforeAll(async () => {
  world = await startWorld();
  await installChart(world.cluster);
  inside = await serve((_, answer) => {
    visits += 1;
    answer.writeHead(200, { 'content-type': 'application/json' }).end(GOOD);
  });
  redirecting = await serve(({ url = '' }, answer) => {
    const to = Buffer.from(url.split('/')[1] ?? '', 'base64url').toString();
    answer.writeHead(307, { location: to }).end();
  });
  [strict, loose] = await Promise.all([
    Watched.start(world, 'strict', { refuseLoopback: true }),
    Watched.start(world, 'loose'),
  ]);
});

afterEach(() => expect(visits).toBe(0));

afterAll(async () => {
  await world.stop();
  await Promise.all([inside.stop(), redirecting.stop()]);
});

const port = (): string => new URL(inside.url).port;

const FAMILY = 'Hostile input: addresses';

faultCase(
  { id: 'I3a', family: FAMILY, injected: 'loopback in every spelling, without --allow-loopback' },
  () =>
    refuses(
      strict,
      [
        '127.0.0.1',
        '127.1',
        '127.255.255.254',
        '2130706433',
        '0x7f000001',
        '0x7f.1',
        '017700000001',
        '0177.0.0.01',
        '0.0.0.0',
        '0',
        '[::1]',
        '[::]',
        '[0:0:0:0:0:0:0:1]',
        '[::ffff:127.0.0.1]',
        '[::ffff:7f00:1]',
        '[::127.0.0.1]',
        '①②⑦.⓪.⓪.①',
        '127。0。0。1',
        'localhost',
        'localhost.',
        'LOCALHOST',
        'inside.test',
        'nowhere.test',
      ].map((host) => `http://${host}:${port()}`),
    ),
);

const NEVER = [
  '169.254.169.254',
  '169.254.170.2',
  '2852039166',
  '0xa9fea9fe',
  '0251.0376.0251.0376',
  '0xa9.254.43518',
  '[::ffff:169.254.169.254]',
  '[::ffff:a9fe:a9fe]',
  '[64:ff9b::169.254.169.254]',
  '[2002:a9fe:a9fe::1]',
  '[fe80::1]',
  '[fd00:ec2::254]',
  '100.100.100.200',
  '168.63.129.16',
  '224.0.0.1',
  '255.255.255.255',
  'metadata',
  'metadata.google.internal',
  'METADATA.google.internal.',
  'instance-data.ec2.internal',
].map((host) => `http://${host}/latest/meta-data`);

faultCase(
  {
    id: 'I3b',
    family: FAMILY,
    injected: 'link-local, multicast and metadata addresses in every spelling, with --allow-loopback too',
  },
  async () => (await refuses(strict, NEVER)) + (await refuses(loose, NEVER)),
);

faultCase({ id: 'I3c', family: FAMILY, injected: 'names that resolve to them, alone or among others' }, () =>
  refuses(
    loose,
    ['linklocal.test', 'mixed.test', 'mapped.test', 'v6.test'].map((name) => `http://${name}:9090`),
  ),
);

faultCase(
  { id: 'I3d', family: FAMILY, injected: 'a name that resolves to them when it is looked at again' },
  async () => {
    const gate = { prometheus: { ...QUERY, address: 'http://rebind.test:9090' } };
    expect(await loose.place.ask('rebind', gate)).toMatch(/no answer in time|connection (failed|refused)/);
    asked('S7');
    expect(await loose.place.ask('rebind', gate, { again: 'once-more' })).toMatch(REFUSED);
    const lines = loose.connections.filter((line) => /rebind|192\.0\.2\.1|169\.254/.test(line));
    // Each time it is resolved once, and what was judged is what is connected to.
    expect(lines.slice(0, 2)).toEqual(['lookup rebind.test', 'connect 192.0.2.1']);
    expect(lines.slice(2)).toEqual(lines.slice(2).map(() => 'lookup rebind.test'));
    return lines.length;
  },
);

faultCase({ id: 'I3e', family: FAMILY, injected: 'a server that redirects to them' }, () =>
  refuses(
    loose,
    [
      'http://169.254.169.254/latest/meta-data',
      'http://[fe80::1]/',
      'http://metadata.google.internal/',
      'http://linklocal.test/',
      `http://localhost:${port()}/`,
      `http://0.0.0.0:${port()}/`,
      'file:///etc/passwd',
      'gopher://127.0.0.1/',
      '//169.254.169.254/',
    ].map((to) => `${redirecting.url}/${Buffer.from(to).toString('base64url')}`),
    { says: /redirects to another host; write that one as the address/, may: /^connect 127\.0\.0\.1$/ },
  ),
);

faultCase(
  {
    id: 'I3f',
    family: FAMILY,
    injected: 'credentials in the address, and what is said to hide the host',
  },
  () =>
    refuses(
      loose,
      [
        `http://user:pass@127.0.0.1:${port()}`,
        `http://prometheus.monitoring.svc:9090@169.254.169.254/`,
        `http://prometheus@169.254.169.254`,
        'http://%31%36%39.254.169.254',
        'http:\\\\169.254.169.254',
        'http://169.254.169.254\\@prometheus',
        'http://169.254.169.254#@prometheus',
        'http://169.254.169.254?@prometheus',
      ].filter((address) => address.startsWith('http://')),
      { says: /credentials do not belong|link-local, multicast and metadata addresses are refused/ },
    ),
);

faultCase(
  { id: 'I3g', family: FAMILY, injected: 'addresses that are no http URL, at the API server' },
  async () => {
    const addresses = [
      'file:///etc/passwd',
      'ftp://prometheus',
      'gopher://prometheus',
      'unix:/var/run/docker.sock',
      'data:application/json,{}',
      'javascript:0',
      ' http://prometheus',
      '//prometheus',
      'HTTP://prometheus',
      'http:/prometheus',
    ];
    for (const address of addresses) {
      const refused = loose.place.apply('Gate', 'no-url', { prometheus: { ...QUERY, address } });
      await expect(refused).rejects.toThrow(ApiError);
      await expect(refused).rejects.toThrow('begin it with http:// or https://');
    }
    return addresses.length;
  },
);
