import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { refusalOfAddress, refusalOfHost } from './http-address.ts';

const hostOf = (url: string): string => new URL(url).hostname;

describe('always refused, even with loopback allowed', () => {
  test.each([
    'http://169.254.169.254/latest/meta-data',
    'http://169.254.0.1',
    'http://2852039166', // 169.254.169.254 as one number
    'http://0xa9.0xfe.0xa9.0xfe',
    'http://[::ffff:169.254.169.254]',
    'http://[64:ff9b::169.254.169.254]',
    'http://[2002:a9fe:a9fe::1]',
    'http://[fe80::1]',
    'http://[febf::1]',
    'http://[fd00:ec2::254]',
    'http://[FD20:CE::254]',
    'http://100.100.100.200',
    'http://168.63.129.16',
    'http://224.0.0.1',
    'http://255.255.255.255',
    'http://[ff02::1]',
    'http://metadata.google.internal',
    'http://METADATA.google.internal.',
    'http://metadata',
    'http://instance-data.ec2.internal',
  ])('%s', (url) => {
    expect(refusalOfHost(hostOf(url), true)).toMatch(/refused/);
  });
});

describe('refused unless loopback is allowed', () => {
  test.each([
    'http://127.0.0.1',
    'http://127.8.9.1',
    'http://0x7f.1',
    'http://0',
    'http://0.0.0.0',
    'http://[::1]',
    'http://[::]',
    'http://[::ffff:127.0.0.1]',
    'http://[::127.0.0.1]',
  ])('%s', (url) => {
    expect(refusalOfHost(hostOf(url), false)).toBe('loopback addresses are refused');
    expect(refusalOfHost(hostOf(url), true)).toBeUndefined();
  });
});

test.each([
  'http://10.0.0.7',
  'http://192.168.1.2',
  'http://[fd12:3456::1]',
  'http://prometheus.monitoring.svc',
  'http://8.8.8.8',
])('%s may be asked', (url) => {
  expect(refusalOfHost(hostOf(url), false)).toBeUndefined();
});

test('an IPv4 address is refused alike in every spelling', () => {
  fc.assert(
    fc.property(fc.ipV4(), (address) => {
      const mapped = hostOf(`http://[::ffff:${address}]`).slice(1, -1);
      expect(refusalOfAddress(mapped, false)).toBe(refusalOfAddress(address, false));
    }),
  );
});
