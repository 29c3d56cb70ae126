import { execFileSync } from 'node:child_process';
import { describe, expect, test } from '@jest/globals';
import { digestOf, repositoryOf } from '../api/v1alpha1/images.ts';
import { imageReference, imagesFor, revisionDigest, shortRevision } from './revision.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const checkout = { image: 'ghcr.io/acme/checkout', tag: '1.4.2', digest };
const proxy = { image: 'proxy', digest };

describe('image references', () => {
  test.each([
    ['nginx', 'nginx'],
    ['nginx:1.27', 'nginx'],
    ['registry:5000/acme/checkout', 'registry:5000/acme/checkout'],
    ['registry:5000/acme/checkout:1', 'registry:5000/acme/checkout'],
    [`registry:5000/acme/checkout:1@${digest}`, 'registry:5000/acme/checkout'],
    [`acme/checkout@${digest}`, 'acme/checkout'],
  ])('the repository of %s is %s', (reference, repository) => {
    expect(repositoryOf(reference)).toBe(repository);
  });

  test('a written reference has the tag for people and the digest that decides', () => {
    expect(imageReference(checkout)).toBe(`ghcr.io/acme/checkout:1.4.2@${digest}`);
    expect(imageReference(proxy)).toBe(`proxy@${digest}`);
    expect(digestOf(imageReference(checkout))).toBe(digest);
  });
});

describe('the digest of a revision', () => {
  test('is what sort and sha256sum make of it, whatever the order', () => {
    const lines = `${checkout.image}@${digest}\n${proxy.image}@${digest}\n`;
    const shell = execFileSync('sh', ['-c', 'LC_ALL=C sort | sha256sum'], { input: lines })
      .toString()
      .split(' ')[0];
    expect(revisionDigest([proxy, checkout])).toBe(`sha256:${shell}`);
    expect(revisionDigest([checkout, proxy])).toBe(`sha256:${shell}`);
  });

  test('does not depend on the tag', () => {
    expect(revisionDigest([checkout])).toBe(revisionDigest([{ ...checkout, tag: 'latest' }]));
  });
});

test('the column shows the tag, else the head of the digest, and how many more', () => {
  expect(shortRevision([checkout])).toBe('checkout:1.4.2');
  expect(shortRevision([proxy])).toBe('proxy@aaaaaaaaaaaa');
  expect(shortRevision([checkout, proxy])).toBe('checkout:1.4.2 +1');
});

describe('which container gets which image', () => {
  const containers = [
    { name: 'app', image: 'ghcr.io/acme/checkout:1' },
    { name: 'migrate', image: 'ghcr.io/acme/checkout:1' },
    { name: 'proxy', image: `proxy@${digest}` },
  ];
  const target = { name: 'checkout', wave: 0, rollout: { name: 'checkout' } };

  test('every container of that repository, with whether it changes', () => {
    expect(imagesFor(target, [checkout, proxy], containers)).toEqual([
      { container: 'app', image: imageReference(checkout), changed: true },
      { container: 'migrate', image: imageReference(checkout), changed: true },
      { container: 'proxy', image: imageReference(proxy), changed: false },
    ]);
  });

  test('or the one that the target names', () => {
    const named = { ...target, images: [{ image: checkout.image, container: 'app' }] };
    expect(imagesFor(named, [checkout], containers).map((i) => i.container)).toEqual(['app']);
  });

  test('none, for an image that nothing runs', () => {
    expect(imagesFor(target, [{ ...checkout, image: 'other' }], containers)).toEqual([]);
  });
});
