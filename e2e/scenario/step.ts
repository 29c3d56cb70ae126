import type { Stage } from './stage.ts';

/** One thing that has to come true; it passes or fails as a whole. */
export interface Step {
  title: string;
  /** Does it, or throws; what it returns is told beside the title. */
  play(stage: Stage): Promise<string | void>;
  /** Without it the others say nothing: when it fails, the rest is not played. */
  needed?: boolean;
  /** Why it is not played on this cluster. */
  skip?(stage: Stage): string | undefined;
}
