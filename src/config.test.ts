import { describe, expect, test } from '@jest/globals';
import { readConfig } from './config.ts';

const config = (...argv: string[]) => {
  const read = readConfig(argv);
  if ('text' in read) throw new Error(read.text);
  return read.config;
};

describe('flags', () => {
  test('everything has a default', () => {
    expect(config()).toMatchObject({
      'listen-address': { host: '0.0.0.0', port: 8080 },
      'leader-elect': true,
      'log-level': 'info',
      'log-format': 'json',
      'allow-loopback': false,
      workers: 8,
    });
  });

  test('namespaces are a list', () => {
    expect(config('--namespaces=shop, cart').namespaces).toEqual(['shop', 'cart']);
  });

  test.each([
    ['--listen-address=8080', '--listen-address is host:port'],
    ['--prometheus-address=prometheus:9090', '--prometheus-address is a URL'],
    ['--workers=many', '--workers'],
    ['--log-level=loud', '--log-level'],
    ['--unknown', 'Unknown option'],
  ])('%s is refused, with what it should be', (flag, says) => {
    const read = readConfig([flag]);
    expect(read).toMatchObject({ code: 2 });
    expect('text' in read && read.text).toContain(says);
  });

  test('--help tells every flag', () => {
    const read = readConfig(['--help']);
    expect(read).toMatchObject({ code: 0 });
    expect('text' in read && read.text).toContain('--prometheus-address');
  });
});
