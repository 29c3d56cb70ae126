import { generateKeyPairSync, sign } from 'node:crypto';

/** ASN.1 DER, as much of it as one certificate needs. */
function der(tag: number, ...content: Uint8Array[]): Buffer {
  const body = Buffer.concat(content);
  const length =
    body.length < 0x80
      ? [body.length]
      : body.length < 0x100
        ? [0x81, body.length]
        : [0x82, body.length >> 8, body.length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), body]);
}
const sequence = (...content: Uint8Array[]): Buffer => der(0x30, ...content);
const hex = (digits: string): Buffer => Buffer.from(digits, 'hex');
const utf8 = (text: string): Buffer => der(0x0c, Buffer.from(text));

const ECDSA_SHA256 = sequence(der(0x06, hex('2a8648ce3d040302')));
const commonName = (name: string): Buffer =>
  sequence(der(0x31, sequence(der(0x06, hex('550403')), utf8(name))));
const extension = (oid: string, value: Buffer): Buffer => sequence(der(0x06, hex(oid)), der(0x04, value));

/** A fresh key and a certificate for 127.0.0.1 that is its own authority, PEM; made in code, so no openssl is needed. */
export function selfSigned(name = 'loopback'): { key: string; cert: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const body = sequence(
    der(0xa0, der(0x02, hex('02'))),
    der(0x02, Buffer.from([1 + (Math.floor(performance.now()) % 100)])),
    ECDSA_SHA256,
    commonName(name),
    sequence(der(0x17, Buffer.from('200101000000Z')), der(0x17, Buffer.from('490101000000Z'))),
    commonName(name),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(
      0xa3,
      sequence(
        extension('551d13', sequence(der(0x01, hex('ff')))),
        extension('551d11', sequence(der(0x82, Buffer.from('localhost')), der(0x87, hex('7f000001')))),
      ),
    ),
  );
  const signature = der(0x03, hex('00'), sign('sha256', body, privateKey));
  const pem = sequence(body, ECDSA_SHA256, signature).toString('base64').replace(/.{64}/g, '$&\n');
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${pem}\n-----END CERTIFICATE-----\n`,
  };
}
