import type { LookupAddress } from 'node:dns';
import { BlockList, isIP } from 'node:net';

/** The part of node:dns `lookup` that is used. */
export type Lookup = (
  hostname: string,
  options: { all: true; family?: number; hints?: number },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/** What sockets call to resolve a name; with `all` it answers a list. */
export type SocketLookup = (
  hostname: string,
  options: { all?: boolean | undefined; family?: number | string | undefined; hints?: number | undefined },
  callback: (error: NodeJS.ErrnoException | null, address: string | LookupAddress[], family?: number) => void,
) => void;

/** Code of the error that a connection to a refused address fails with. */
export const REFUSED_ADDRESS = 'ESLUICEADDRESS';

/** Where clouds hand out credentials of the machine; all of these but the last two are link-local anyway. */
const METADATA_NAMES =
  /^(metadata|metadata\.google\.internal|metadata\.goog|instance-data(\.ec2\.internal)?)$/;

// BlockList reads IPv4-mapped IPv6 (::ffff:a.b.c.d) as the IPv4 address; NAT64 and 6to4 it has to be told.
const never = new BlockList();
never.addSubnet('169.254.0.0', 16, 'ipv4');
never.addSubnet('64:ff9b::a9fe:0', 112, 'ipv6');
never.addSubnet('2002:a9fe::', 32, 'ipv6');
never.addSubnet('fe80::', 10, 'ipv6');
never.addAddress('fd00:ec2::254', 'ipv6'); // AWS
never.addAddress('fd20:ce::254', 'ipv6'); // Google Cloud
never.addAddress('100.100.100.200', 'ipv4'); // Alibaba Cloud
never.addAddress('168.63.129.16', 'ipv4'); // Azure
never.addAddress('192.0.0.192', 'ipv4'); // Oracle Cloud
never.addSubnet('224.0.0.0', 4, 'ipv4');
never.addSubnet('240.0.0.0', 4, 'ipv4');
never.addSubnet('ff00::', 8, 'ipv6');

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addSubnet('0.0.0.0', 8, 'ipv4');
// ::, ::1 and the deprecated IPv4-compatible addresses.
loopback.addSubnet('::', 96, 'ipv6');

/**
 * Why no connection to `address` (an IP literal) may be made, or undefined. The operator runs beside the
 * credentials of its node, and tenants choose the address of a gate: link-local and metadata addresses are
 * always refused, loopback and unspecified ones unless allowed. Private networks are where Prometheus lives.
 */
export function refusalOfAddress(address: string, allowLoopback: boolean): string | undefined {
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
  if (never.check(address, family)) return 'link-local, multicast and metadata addresses are refused';
  if (!allowLoopback && loopback.check(address, family)) return 'loopback addresses are refused';
  return undefined;
}

/**
 * Why a URL's host may not be asked at all, or undefined. Sockets do not resolve IP literals, so these are
 * judged here; `hostname` is as `URL` gives it, so that 0x7f.1 and [::ffff:7f00:1] are already spelled out.
 */
export function refusalOfHost(hostname: string, allowLoopback: boolean): string | undefined {
  const name = hostname
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '')
    .toLowerCase();
  if (METADATA_NAMES.test(name)) return 'metadata services are refused';
  return isIP(name) === 0 ? undefined : refusalOfAddress(name, allowLoopback);
}

/**
 * A lookup for sockets that judges what a name resolves to at the moment of connecting, so that a name which
 * answers differently the second time (DNS rebinding) gains nothing. One refused address refuses the name.
 */
export function guardedLookup(lookup: Lookup, allowLoopback: boolean): SocketLookup {
  return (hostname, options, callback) => {
    const { family, hints } = options;
    const wanted = { ...(typeof family === 'number' && { family }), ...(hints !== undefined && { hints }) };
    lookup(hostname, { ...wanted, all: true }, (error, addresses) => {
      if (error) return callback(error, []);
      for (const { address } of addresses) {
        const refusal = refusalOfAddress(address, allowLoopback);
        if (refusal !== undefined)
          return callback(Object.assign(new Error(refusal), { code: REFUSED_ADDRESS }), []);
      }
      const [first] = addresses;
      if (options.all === true || first === undefined) return callback(null, addresses);
      callback(null, first.address, first.family);
    });
  };
}
