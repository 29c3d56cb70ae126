import { z } from 'zod';
import { listMap, objectName, rules } from './fields.ts';

/* How a server that a Gate asks is reached. */

const address = z
  .string()
  .min(1)
  .max(2048)
  .optional()
  .meta({
    description: "Base URL of the Prometheus API; absent: the operator's --prometheus-address.",
    ...rules({
      rule: "self.startsWith('http://') || self.startsWith('https://')",
      message: 'address is a URL: begin it with http:// or https://',
    }),
  });

const auth = z
  .object({
    secretName: objectName('Secret of the same namespace; it is read when a sample needs it.'),
    type: z.enum(['Bearer', 'Basic', 'MTLS']).meta({
      description:
        'Bearer: the key `token`. Basic: `username` and `password`. MTLS: `tls.crt` and `tls.key`. `ca.crt`, if it is there, is the authority that signs the server.',
    }),
  })
  .optional()
  .meta({ description: 'Credentials for the address.' });

/** Headers that carry credentials, or that belong to the connection, in small letters. */
export const RESERVED_HEADERS = [
  'authorization',
  'proxy-authorization',
  'cookie',
  'host',
  'connection',
  'content-length',
  'content-type',
  'content-encoding',
  'transfer-encoding',
  'te',
  'trailer',
  'upgrade',
  'expect',
] as const;

const header = z
  .object({
    name: z
      .string()
      .min(1)
      .max(64)
      .regex(/^[A-Za-z0-9]([A-Za-z0-9_-]*[A-Za-z0-9])?$/)
      .meta({ description: 'Name of the header, for example X-Scope-OrgID.' }),
    value: z
      .string()
      .min(1)
      .max(256)
      .regex(/^[!-~]([ -~]*[!-~])?$/)
      .meta({ description: 'Its value, in ASCII; everyone who may read the Gate can read it.' }),
  })
  .meta({
    ...rules({
      rule: `!(self.name.lowerAscii() in [${RESERVED_HEADERS.map((name) => `'${name}'`).join(', ')}])`,
      message:
        'this header is not set here: write credentials in a Secret and name it in auth, and leave out what belongs to the connection',
    }),
  });

const headers = z
  .array(header)
  .min(1)
  .max(8)
  .optional()
  .meta({
    description: 'Headers sent with every query.',
    ...listMap('name'),
    ...rules({
      rule: 'self.all(a, self.exists_one(b, b.name.lowerAscii() == a.name.lowerAscii()))',
      message: 'the same header is there twice, spelled differently: leave one',
    }),
  });

/** The fields of every kind of Gate that asks a Prometheus API. */
export const server = { address, auth, headers };

/** The rules over those fields. */
export const serverRules = rules(
  {
    rule: '!has(self.auth) || has(self.address)',
    message: "credentials are never sent to the operator's default address: set address, too",
  },
  {
    rule: "!has(self.auth) || self.auth.type != 'MTLS' || !has(self.address) || self.address.startsWith('https://')",
    message: 'MTLS needs TLS: begin address with https://',
  },
);

/** Where to ask, and how. */
export interface ServerSpec {
  address?: string | undefined;
  auth?: z.infer<typeof auth>;
  headers?: z.infer<typeof headers>;
}
