import { GROUP, VERSION } from '../api/v1alpha1/names.ts';

/** Promotions, as the API server's paths name them. */
export const PROMOTIONS = { group: GROUP, version: VERSION, plural: 'promotions' };
