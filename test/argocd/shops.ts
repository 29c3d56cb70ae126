import { afterAll, beforeAll } from '@jest/globals';
import { imageFor } from '../harness/promotions.ts';
import { sharedWorld } from '../harness/shared.ts';
import { APP, Shop, type ShopOptions } from './shop.ts';

/** Makes a shop; its watches end with the test file. */
export type OpenShop = (name: string, options?: ShopOptions) => Promise<Shop>;

/** For a test file, at its top: the shops that it opens, in which the version `bad` fails 30 % of its requests. */
export function shops(): OpenShop {
  const { cluster, controls } = sharedWorld();
  const opened: Shop[] = [];
  beforeAll(() => controls.behave(imageFor(APP, 'bad'), { errorRate: 0.3 }));
  afterAll(() => {
    for (const shop of opened) shop.shown.stop();
  });
  return async (name, options = {}) => {
    const shop = await Shop.open(cluster, name, options);
    opened.push(shop);
    return shop;
  };
}
