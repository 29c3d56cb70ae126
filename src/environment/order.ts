import type { Promotion } from '../api/v1alpha1/types.ts';

/** A Promotion that the Environment asks for by itself. Its name follows from what it is for: made once. */
export interface Order {
  name: string;
  annotations?: Record<string, string>;
  spec: Promotion['spec'];
}
