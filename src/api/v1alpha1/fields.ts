import { z } from 'zod';

/*
 * Building blocks of the API: every string and list is bounded, because CEL cost and object size are.
 * Keys of `.meta()` are copied into the CRD's schema as they stand.
 */

/** Name of an object that is referred to (RFC 1123 subdomain). */
export const objectName = (description: string) =>
  z
    .string()
    .min(1)
    .max(253)
    .regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/)
    .meta({ description });

/** Name of an item in a list of ours (RFC 1123 label). */
export const itemName = (description: string) =>
  z
    .string()
    .min(1)
    .max(63)
    .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/)
    .meta({ description });

/** Text for people. */
export const text = (description: string, max = 1024) => z.string().max(max).meta({ description });

/** A point in time, RFC 3339; Sluice writes milliseconds. */
export const time = (description: string) => z.string().max(64).meta({ description, format: 'date-time' });

/** A whole number of seconds. */
export const seconds = (min: number, max: number, description: string) =>
  z.int().min(min).max(max).meta({ description });

/** A count of things, 0 or more. */
export const count = (max: number, description: string) => z.int().min(0).max(max).meta({ description });

/** `sha256:` and 64 hexadecimal digits. */
export const digest = (description: string) =>
  z
    .string()
    .max(71)
    .regex(/^sha256:[a-f0-9]{64}$/)
    .meta({ description });

/** An image repository without tag and digest. */
export const repository = z
  .string()
  .min(1)
  .max(255)
  .regex(/^[a-z0-9]([a-z0-9._\-/:]*[a-z0-9])?$/)
  .meta({
    description: 'Image repository without tag and digest, for example ghcr.io/acme/checkout.',
    'x-kubernetes-validations': [
      {
        rule: "!self.substring(self.lastIndexOf('/') + 1).contains(':')",
        message: 'image is a repository without a tag: write the tag in `tag` and the digest in `digest`',
      },
    ],
  });

/** Schema extension of a list whose items are told apart by `keys`. */
export const listMap = (...keys: string[]) => ({
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': keys,
});

/** Schema extension of a list that is replaced as a whole. */
export const atomic = { 'x-kubernetes-list-type': 'atomic' };

/** One CEL rule of a CRD; the message says what to do. */
export interface CelRule {
  rule: string;
  message: string;
}
export const rules = (...list: CelRule[]) => ({ 'x-kubernetes-validations': list });

/** Arguments that a binding hands to its Gate's templates and conditions as `args.<name>`. */
export const args = z
  .array(
    z.object({
      name: z
        .string()
        .min(1)
        .max(63)
        .regex(/^[A-Za-z_][A-Za-z0-9_]*$/)
        .meta({ description: 'Name of the argument.' }),
      value: z.string().max(256).meta({ description: 'Its value; escaped where it enters a query.' }),
    }),
  )
  .min(1)
  .max(16)
  .optional()
  .meta({ description: 'Values for `args.<name>` in the Gate.', ...listMap('name') });
