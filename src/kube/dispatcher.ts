import type { RequestContext } from '@kubernetes/client-node';

/** undici's Dispatcher, named through client-node so that undici stays its dependency and not ours. */
export type Dispatcher = NonNullable<ReturnType<RequestContext['getDispatcher']>>;
