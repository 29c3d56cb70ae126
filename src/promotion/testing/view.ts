import type { Assignment, TargetView } from '../../delivery/delivery.ts';
import { viewOf } from '../../delivery/rollout/view.ts';
import { canonicalJson } from '../../runtime/hash.ts';
import type { RolloutModel } from './rollout-model.ts';

/** Views of models that nobody changes any more, by what else they depend on. */
const known = new WeakMap<RolloutModel, Map<string, TargetView>>();
const names = new WeakMap<object, string>();

/** The canonical JSON of an object that nobody changes, made once. */
export function textOf(value: object | undefined): string {
  if (!value) return '';
  const name = names.get(value) ?? canonicalJson(value);
  names.set(value, name);
  return name;
}

/** What Sluice sees of a model: the real view, made once for a model that several worlds have. */
export function viewIn(
  model: RolloutModel,
  { planned, recorded, promotion }: Assignment,
  restoredGeneration: number | undefined,
): TargetView {
  const view = model.isShared
    ? remembered(model, { planned, recorded, promotion })
    : made(model, { planned, recorded, promotion });
  return restoredGeneration === undefined ? view : { ...view, restoredGeneration };
}

function made(
  model: RolloutModel,
  assignment: Pick<Assignment, 'planned' | 'recorded' | 'promotion'>,
): TargetView {
  const { rollout, replicaSets } = model.objects();
  return viewOf(rollout, replicaSets, assignment);
}

function remembered(
  model: RolloutModel,
  assignment: Pick<Assignment, 'planned' | 'recorded' | 'promotion'>,
): TargetView {
  const views = known.get(model) ?? new Map<string, TargetView>();
  known.set(model, views);
  const key = `${textOf(assignment.planned)}|${textOf(assignment.recorded)}`;
  const view = views.get(key) ?? made(model, assignment);
  views.set(key, view);
  return view;
}
