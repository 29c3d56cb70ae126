import { BlockList, isIP } from 'node:net';

type Env = Readonly<Record<string, string | undefined>>;

/**
 * The proxy by which a server is reached as the environment has it: HTTPS_PROXY or HTTP_PROXY and NO_PROXY, in capitals or
 * not, in the form that Go reads and so kubectl (golang.org/x/net/http/httpproxy). Loopback is reached without.
 */
export function proxyFor(server: string, env: Env): string | undefined {
  const url = URL.parse(server);
  if (!url) return undefined;
  const of = (name: string): string => env[name] || env[name.toLowerCase()] || '';
  const isTls = url.protocol === 'https:';
  const proxy = of(isTls ? 'HTTPS_PROXY' : 'HTTP_PROXY');
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  const port = url.port || (isTls ? '443' : '80');
  const direct = ['localhost', '127.0.0.0/8', '::1', ...of('NO_PROXY').toLowerCase().split(',')];
  if (proxy === '' || direct.some((entry) => names(entry.trim(), host, port))) return undefined;
  return proxy.includes('://') ? proxy : `http://${proxy}`;
}

/** Whether an entry of NO_PROXY is this host: `*`, an address or a range of them, or a domain with what is below it. */
function names(entry: string, host: string, port: string): boolean {
  if (entry === '' || entry === '*') return entry === '*';
  if (isIP(host) !== 0 && entry.includes('/')) return isWithin(host, entry);
  const [, name = entry, only] = isIP(entry) === 0 ? (/^(.*?):(\d+)$/.exec(entry) ?? []) : [];
  if (only !== undefined && only !== port) return false;
  const domain = name.replace(/^\*/, '');
  return domain.startsWith('.') ? host.endsWith(domain) : host === domain || host.endsWith(`.${domain}`);
}

function isWithin(host: string, range: string): boolean {
  const [address = '', bits = ''] = range.split('/');
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
  if (isIP(address) !== isIP(host) || !(Number(bits) <= (family === 'ipv6' ? 128 : 32))) return false;
  const list = new BlockList();
  list.addSubnet(address, Number(bits), family);
  return list.check(host, family);
}
