import { ALLOWED_ENVIRONMENTS_ANNOTATION, IMAGE_OWNER_ANNOTATION } from '../../api/v1alpha1/names.ts';
import type { Assignment, Obstacle, TargetView } from '../delivery.ts';
import type { Rollout } from './types.ts';

/*
 * Who else declares a Rollout, and what its owner has granted. Two writers of one template undo each
 * other for ever, so a Rollout that Argo CD or Flux declares is refused without a grant.
 */

/** Field managers of GitOps controllers, by whatever kind of apply. */
const MANAGERS: Readonly<Record<string, 'Argo CD' | 'Flux'>> = {
  'argocd-controller': 'Argo CD',
  'argocd-application-controller': 'Argo CD',
  'kustomize-controller': 'Flux',
  'helm-controller': 'Flux',
};

const ARGO_CD = 'argocd.argoproj.io/';
const TRACKING_ID = `${ARGO_CD}tracking-id`;
const INSTANCE_LABEL = 'app.kubernetes.io/instance';

/** Annotations and labels of any object are strings; those of a hostile one may be missing. */
type Named = Readonly<Record<string, string>>;

/**
 * The Application in a tracking id, `<application>:<group>/<kind>:<namespace>/<name>`. Argo CD leaves an
 * object alone whose id names another object: a copy made by some other tool (Argo CD's docs, "Non
 * self-referencing annotations").
 */
function trackedBy({ metadata }: Rollout, id: string): string | undefined {
  const [application, kind, place] = id.split(':');
  const self = kind === 'argoproj.io/Rollout' && place === `${metadata.namespace}/${metadata.name}`;
  return self && application ? `Argo CD (Application ${application})` : undefined;
}

/** Argo CD by label tracking, its default up to 2.x. */
function labelledBy(rollout: Rollout, annotations: Named, labels: Named): string | undefined {
  const own = labels[`${ARGO_CD}instance`];
  if (own) return `Argo CD (Application ${own})`;
  const instance = labels[INSTANCE_LABEL];
  if (!instance) return undefined;
  // Every Helm chart sets this label too, so alone it says nothing: it counts where Argo CD has left another
  // trace. A tracking id is none here: one of this very object was found before, any other is a copy's.
  const traces = Object.keys(annotations).some((key) => key.startsWith(ARGO_CD) && key !== TRACKING_ID);
  const wrote = rollout.templateManagers?.some((manager) => MANAGERS[manager] === 'Argo CD');
  return traces || wrote ? `Argo CD (Application ${instance})` : undefined;
}

/** Flux sets these labels on all that it applies. */
function fluxOf(labels: Named): string | undefined {
  for (const [prefix, kind] of [
    ['kustomize.toolkit.fluxcd.io', 'Kustomization'],
    ['helm.toolkit.fluxcd.io', 'HelmRelease'],
  ] as const) {
    const name = labels[`${prefix}/name`];
    const namespace = labels[`${prefix}/namespace`];
    if (name) return `Flux (${kind} ${namespace ? `${namespace}/` : ''}${name})`;
  }
  return undefined;
}

/** Who else declares this Rollout, in words; undefined: nobody that left a trace. */
export function ownerOf(rollout: Rollout): string | undefined {
  const { annotations = {}, labels = {} } = rollout.metadata;
  const manager = rollout.templateManagers?.find((name) => Object.hasOwn(MANAGERS, name));
  return (
    trackedBy(rollout, annotations[TRACKING_ID] ?? '') ??
    labelledBy(rollout, annotations, labels) ??
    fluxOf(labels) ??
    (manager && `${MANAGERS[manager]} (field manager ${manager})`)
  );
}

/** The Rollout lets Sluice write its image fields, and nothing else of its template. */
function grantsImages({ metadata }: Rollout): boolean {
  return metadata.annotations?.[IMAGE_OWNER_ANNOTATION] === 'sluice';
}

/** A Rollout in another namespace that does not allow this Environment. */
function notAllowed(rollout: Rollout, { promotion }: Assignment): Obstacle | undefined {
  const { namespace, name, annotations } = rollout.metadata;
  if (namespace === promotion.namespace) return undefined;
  const environment = `${promotion.namespace}/${promotion.environment}`;
  const allowed = (annotations?.[ALLOWED_ENVIRONMENTS_ANNOTATION] ?? '').split(',').map((e) => e.trim());
  if (allowed.includes(environment)) return undefined;
  return {
    kind: 'Grant',
    message: `Rollout ${namespace}/${name} is in another namespace and does not allow this Environment: its owner adds \`${environment}\` to its annotation ${ALLOWED_ENVIRONMENTS_ANNOTATION}`,
  };
}

/** A Rollout that someone else declares, without the grant. */
function conflict(rollout: Rollout, owner: string): Obstacle {
  return {
    kind: 'Ownership',
    message: `Rollout ${rollout.metadata.name} is declared by ${owner}, which would undo what Sluice writes: set its annotation ${IMAGE_OWNER_ANNOTATION}: sluice where it is declared, let ${owner} ignore its image fields (docs/gitops.md, ignoreDifferences), then apply a new Promotion`,
  };
}

/**
 * The view with what ownership adds to it. Of a Rollout whose owner has not allowed this Environment
 * nothing else is told: its state is none of another namespace's business.
 */
export function withOwnership(view: TargetView, rollout: Rollout, assignment: Assignment): TargetView {
  const refused = notAllowed(rollout, assignment);
  if (refused) return { ...view, obstacles: [refused] };
  const owner = ownerOf(rollout);
  const granted = grantsImages(rollout);
  return {
    ...view,
    ...(owner !== undefined && { owner }),
    ...(granted && { writes: 'Images' }),
    ...(owner !== undefined && !granted && { obstacles: [conflict(rollout, owner), ...view.obstacles] }),
  };
}

/** The part of a managedFields entry that matters here; whoever wrote the object has written it. */
interface FieldsEntry {
  manager?: unknown;
  fieldsV1?: { 'f:spec'?: { 'f:template'?: unknown } };
}

/**
 * What is kept of a Rollout: all of it, and in the place of managedFields, which the cache does not keep,
 * the names of the managers that own something under spec.template.
 */
export function projectRollout(rollout: Rollout): Rollout {
  const { managedFields } = rollout.metadata as { managedFields?: readonly FieldsEntry[] };
  const managers = (managedFields ?? []).flatMap(({ manager, fieldsV1 }) =>
    typeof manager === 'string' && fieldsV1?.['f:spec']?.['f:template'] !== undefined ? [manager] : [],
  );
  const templateManagers = [...new Set(managers)].toSorted((a, b) => a.localeCompare(b));
  return templateManagers.length > 0 ? { ...rollout, templateManagers } : rollout;
}
