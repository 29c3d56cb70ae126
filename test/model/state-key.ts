import type { Judgement } from '../../src/analysis/judge.ts';
import type { GateResult, TargetStatus } from '../../src/api/v1alpha1/types.ts';
import { approvalsInForce } from './alphabet.ts';
import { FENCE } from '../../src/delivery/rollout/patches.ts';
import type { RolloutModel } from '../../src/promotion/testing/rollout-model.ts';
import type { World } from '../../src/promotion/testing/world.ts';
import { STANDS_MS } from '../../src/promotion/revert/restores.ts';
import { type Age, agesAt, type Deadlines, deadlinesOf } from './ages.ts';
import { isChanged } from '../../src/promotion/testing/facts.ts';

/*
 * Two worlds are one state of the search when their keys are equal. A key has everything that a decision
 * or a law can depend on, and nothing that only a person reads: messages, evidence, counts of samples,
 * lastTransitionTime. Of each time it has how many of the deadlines that run from it have passed, or, where
 * times are told apart finely, its age up to the last of them.
 */

/** A Rollout and its pods; of generations only whether the newest is observed. */
export function modelKey(world: World, model: RolloutModel): string {
  const { spec, status: s = {}, metadata } = model.rollout;
  return JSON.stringify([
    metadata.uid,
    isChanged(world, { model }),
    spec.paused ?? false,
    // Whether an Apply that is still under way can come to anything.
    metadata.annotations?.[FENCE],
    Number(s.observedGeneration) === metadata.generation,
    s.phase,
    s.currentPodHash,
    s.stableRS,
    s.currentStepIndex,
    s.abort ?? false,
    s.promoteFull ?? false,
    s.controllerPause ?? false,
    s.pauseConditions?.[0]?.reason,
    s.blueGreen,
    [...model.pods].map(([hash, p]) => [hash, p.replicas]),
  ]);
}

/** An epoch names the instant of a Resume; its age says the same. */
const placeOf = (epoch: string): string => epoch.replace(/@.*/, '@');

function judgementKey(
  j: Judgement | undefined,
  passFrom: number | undefined,
  age: Age,
  on: Deadlines,
): unknown {
  if (!j) return undefined;
  const deadlines = j.verdict === 'Error' ? on.blind : on.undecided;
  const { Error: blindMs, Inconclusive: undecidedMs } = j.spentMs;
  return [
    placeOf(j.epoch),
    j.verdict,
    Math.min(j.passesInARow, on.count),
    j.failures,
    j.rowSince !== undefined && passFrom !== undefined && j.rowSince >= passFrom,
    ...(j.verdict === 'Pass' || j.verdict === 'Fail'
      ? []
      : [age(j.timerFrom, deadlines), age(-blindMs, on.blind), age(-undecidedMs, on.undecided)]),
    ...(j.epoch === 'bake' ? [Math.min(j.coveredMs, on.bake), age(j.sightedAt, [on.bake])] : []),
    ...(j.epoch === 'preflight' ? [j.last?.verdict] : []),
  ];
}

/** On the way forward and on the way back it is other things that a target's future depends on. */
function targetKey(t: TargetStatus, world: World, age: Age, on: Deadlines): unknown {
  if (!world.promotion.status?.revert)
    return [
      t.state,
      t.step,
      t.canaryHash !== undefined,
      t.reason,
      // In these states something runs from it.
      ['Applying', 'Advancing'].includes(t.state) && age(t.since, on.undecided),
      age(t.reachedAt, on.step),
    ];
  const told = world.memory.restored.get(t.name);
  return [
    t.state,
    t.canaryHash !== undefined,
    t.reason,
    t.restores,
    t.state === 'RolledBack' && age(t.since, on.revert),
    (t.restores ?? 0) > 1 && age(t.templateRestoredAt, [STANDS_MS]),
    t.templateRestoredAt !== undefined,
    told !== undefined && told > (t.restoredGeneration ?? 0),
  ];
}

const resultKey = (g: GateResult, age: Age, on: Deadlines): unknown => [
  g.target,
  g.step,
  g.verdict,
  g.failures,
  g.verdict === 'Error' ? age(g.since, on.blind) : g.verdict === 'Inconclusive' && age(g.since, on.undecided),
];

/** What the operator has written down of the promotion. */
function statusKey(world: World, age: Age, on: Deadlines): unknown {
  const { status = {}, metadata } = world.promotion;
  const { revert } = status;
  return [
    world.reason,
    status.conditions?.some((c) => c.type === 'Stalled'),
    status.plan !== undefined,
    metadata.finalizers?.length,
    metadata.deletionTimestamp,
    status.targets?.map((t) => targetKey(t, world, age, on)),
    revert ? 0 : status.decisions?.length,
    revert && [
      // Which of its gates has failed is told to people alone.
      world.scene.gates.has(revert.reason) ? 'gate' : revert.reason,
      revert.target,
      revert.quarantine,
      age(revert.detectedAt, on.revert),
      revert.commandedAt !== undefined,
      revert.trafficRestoredAt !== undefined,
      revert.intentRestoredAt !== undefined,
    ],
  ];
}

/**
 * The whole world as one text.
 * @param fine times are told apart by their age, and not only by the deadlines that they have passed.
 * @param model gives each of its Rollouts a short name.
 */
export function keyOf(world: World, fine: boolean, model: (m: RolloutModel) => number): string {
  const now = agesAt(world.now, fine);
  // A time spent counts like an age.
  const age: Age = (time, deadlines) =>
    typeof time === 'number' && time <= 0 ? agesAt(0, fine)(time, deadlines) : now(time, deadlines);
  const on = deadlinesOf(world);
  const { environment } = world;
  return JSON.stringify([
    world.targets.map((t) => [model(t.model), t.recorded !== undefined]),
    statusKey(world, age, on),
    gatesKey(world, age, on),
    proofKey(world, age, on),
    // On the way back there is nothing left to decide.
    world.promotion.status?.revert ? [] : decidedKey(world, age, on),
    // What persons say matters before it begins, until it expires.
    world.promotion.status?.plan
      ? []
      : approvalsInForce(world).map((a) => [a.gate, a.by, a.verdict, world.refused.has(a.uid)]),
    environment.status?.quarantine?.length ?? 0,
    world.underWay.map((write) => writeKey(world, write)),
    // What a crash would go back to: the place alone, since its times are those that were written.
    world.stored?.status?.targets?.map((t) => targetKey(t, world, age, on)),
    [...world.pushed],
  ]);
}

/**
 * What there is of each gate. Gates of one spec in another order are the same: no decision and no law knows
 * them apart but by their names, and which one a revert names is nothing to either.
 */
function gatesKey(world: World, age: Age, on: Deadlines): string[] {
  const gates = [...world.scene.gates].map(([name, { spec }]) =>
    JSON.stringify([spec.approval && name, gateKey(world, name, age, on)]),
  );
  return gates.toSorted();
}

/** What is asked of a gate, said by it, written down of it, and proven by it, target by target. */
function gateKey(world: World, name: string, age: Age, on: Deadlines): unknown {
  const { memory, proof, promotion, scene } = world;
  const { revert, gates = [] } = promotion.status ?? {};
  const asked = [...memory.requests].filter(([, r]) => r.binding.gate === name);
  const asks = asked.map(([key, r]) => [
    r.binding.when,
    r.target.name,
    placeOf(r.epoch),
    age(r.passFrom, [0]),
    r.canaryHash,
    judgementKey(memory.judgements.get(key), r.passFrom, age, on),
  ]);
  // On the way back no gate is asked any more.
  if (revert) return asks;
  const gate = scene.gates.get(name);
  const proven = scene.targets.map(({ target }) => {
    const row = proof.rows.get(`${name}|${target.name}`);
    return [row && [row.step, row.hash, row.passes], gate && proof.hasFailed(gate, target.name)];
  });
  const said = gates.filter((g) => g.gate === name);
  return [asks, said.map((g) => (isPast(g, world) ? [g.target] : resultKey(g, age, on))), proven];
}

/** What persons have ordered, and since when nothing pauses it any more. Of freezes the last alone counts. */
function decidedKey({ orders, freezes, promotion }: World, age: Age, on: Deadlines): unknown {
  return [
    orders.map((o) => [o.verdict, age(o.at, on.step)]),
    freezes.slice(-1).map((f) => [f.verdict, age(f.until, [0])]),
    age(promotion.status?.unpausedAt, [...on.undecided, ...on.blind, ...on.step]),
  ];
}

/** It speaks of a step at which the target is not asked any more: the next pass writes over it, whatever it says. */
function isPast({ gate, target, step }: GateResult, { memory }: World): boolean {
  const asked = [...memory.requests.values()].find(
    (r) => r.binding.gate === gate && r.target.name === target,
  );
  return asked?.step !== undefined && step !== undefined && step < asked.step;
}

/** A write on its way: the step that it speaks of, and whether the generation that it expects is still there. */
function writeKey(world: World, { target, kind, patch }: World['underWay'][number]): unknown {
  const generation = world.targets.find((t) => t.target.name === target)?.model.rollout.metadata.generation;
  const tests = patch.operations.flatMap((o) => (o.op === 'test' ? [o] : []));
  return [
    target,
    kind,
    tests.find((o) => o.path === '/status/currentStepIndex')?.value,
    tests.every((o) => o.path !== '/metadata/generation' || o.value === generation),
  ];
}

function proofKey({ proof, promotion, scene }: World, age: Age, on: Deadlines): unknown {
  return scene.targets.map(({ target: { name } }) => {
    const passed = proof.passed.get(name);
    // What was proven bounds the weight for ever; the rest matters only while it goes forward.
    if (promotion.status?.revert) return passed;
    const standing = proof.standings.get(name);
    return [passed, standing && [standing.step, standing.hash, age(standing.since, on.standing)]];
  });
}
