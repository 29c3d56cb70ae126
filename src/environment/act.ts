import { isDeepStrictEqual } from 'node:util';
import { API_VERSION, PROMOTIONS } from '../api/v1alpha1/names.ts';
import { parsePromotion, type RawObject } from '../api/v1alpha1/parse.ts';
import type { Environment } from '../api/v1alpha1/types.ts';
import type { KubeClient } from '../kube/client.ts';
import { isAlreadyExists } from '../kube/errors.ts';
import type { EventRecorder } from '../kube/events.ts';
import type { StoreReader } from '../kube/informer.ts';
import { findStored } from '../kube/find.ts';
import { collectionPath } from '../kube/paths.ts';
import { ownName } from '../policy/account.ts';
import { isMachine } from '../promotion/approvals.ts';
import { RetryError } from '../runtime/errors.ts';
import type { Log } from '../runtime/log.ts';
import { presentable } from '../runtime/presentable.ts';
import type { Order } from './order.ts';
import type { Change } from './report.ts';

/* The Promotions that an Environment asks for by itself are made here, each of them once. */

/** An order that is not carried out yet. */
interface Unmade {
  /** UID of the Rollback that asks for it; undefined: it comes by itself. */
  decision: string | undefined;
  error: unknown;
}

interface OrderMakerOptions {
  client: KubeClient;
  promotions: StoreReader<RawObject>;
  events: EventRecorder;
}

/** What a Promotion asks for. */
function asked(spec: Order['spec']): object {
  const { reason: _reason, requestedBy: _requestedBy, ...rest } = spec;
  return rest;
}

/**
 * Whether a Promotion that has the name of an order is that order. Names can be told in advance, so somebody else may
 * have taken one. That it is a rollback only the operator can say; what comes by itself asks for nothing but the
 * revision, whoever is named for it and why.
 */
export function isOrdered(found: RawObject, { spec }: Order): boolean {
  const parsed = parsePromotion(found);
  if (!parsed.ok) return false;
  const there = parsed.object.spec;
  if (spec.rollback) return there.rollback?.uid === spec.rollback.uid;
  return isDeepStrictEqual(asked(there), asked(spec));
}

/** The event of a Promotion that is asked for and was not made. */
function notMade(note: string): Change {
  return { type: 'Warning', reason: 'PromotionNotMade', action: 'Ordering', note: presentable(note, 1024) };
}

/** Makes Promotions, in the operator's own name. */
export class OrderMaker {
  readonly #o: OrderMakerOptions;
  /** The name by which the API server knows the operator, once it was asked. */
  #account: string | undefined;

  constructor(options: OrderMakerOptions) {
    this.#o = options;
  }

  /** Makes all of them; what cannot be made is told by an event, and holds up nothing else. Never rejects. */
  async makeAll(environment: Environment, orders: readonly Order[], log: Log): Promise<Unmade[]> {
    const unmade: Unmade[] = [];
    for (const order of orders)
      try {
        await this.#make(environment, order, log);
      } catch (error) {
        unmade.push({ decision: order.spec.rollback?.uid, error });
        const { namespace, name, uid } = environment.metadata;
        const note = `Promotion ${order.name} cannot be made, and is tried again: ${error instanceof Error ? error.message : 'no answer'}`;
        this.#o.events.record(
          { apiVersion: API_VERSION, kind: 'Environment', namespace, name, uid },
          notMade(note),
        );
      }
    return unmade;
  }

  /** Makes a Promotion; one that is there already has been made before, if it is the same. */
  async #make({ metadata }: Environment, order: Order, log: Log): Promise<void> {
    const { namespace } = metadata;
    const { name, annotations } = order;
    const body = {
      apiVersion: API_VERSION,
      kind: 'Promotion',
      metadata: { name, namespace, ...(annotations && { annotations }) },
      spec: await this.#inOwnName(order.spec),
    };
    try {
      this.#o.promotions.upsertLocal(
        await this.#o.client.create<RawObject>(collectionPath(PROMOTIONS, namespace), body),
      );
      log.info({ promotion: name, reason: order.spec.reason }, 'Promotion made');
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
      // Asked, since a cache may be behind; one that is gone by now was not ours, or is to be made again.
      const found = await findStored<RawObject>(this.#o.client, PROMOTIONS, namespace, name);
      if (!found || !isOrdered(found, order))
        throw new RetryError(
          'there is one of that name that asks for something else, made by somebody else: delete it',
        );
    }
  }

  /** It names itself: approvers are then sure that none of them has asked for it. A Rollback has its author on it. */
  async #inOwnName(spec: Order['spec']): Promise<Order['spec']> {
    if (spec.rollback) return spec;
    this.#account ??= await ownName(this.#o.client);
    // A person's account, as on a developer's machine, may be an approver's.
    return isMachine(this.#account) ? { ...spec, requestedBy: this.#account } : spec;
  }
}
