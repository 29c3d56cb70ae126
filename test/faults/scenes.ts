import { agreed, approved } from './scenes/approved.ts';
import { bypassed } from './scenes/bypassed.ts';
import { emergency } from './scenes/emergency.ts';
import { frozen } from './scenes/frozen.ts';
import { bad, blueGreen, good, judged, tagged, unhurried, waves } from './scenes/plain.ts';
import { released } from './scenes/released.ts';
import { risen } from './scenes/risen.ts';
import type { Scene } from './scenes/scene.ts';
import { takenBack } from './scenes/taken-back.ts';

/** The scenes that are played under faults. */
export const SCENES = {
  good,
  bad,
  waves,
  blueGreen,
  approved,
  agreed,
  takenBack,
  risen,
  frozen,
  emergency,
  released,
  bypassed,
  unhurried,
  tagged,
  judged,
} as const satisfies Record<string, Scene>;

/** Name of a scene. */
export type SceneName = keyof typeof SCENES;
