import { asTyped, type Command } from './plan.ts';

/** How commands are asked and run, and where it is told. */
export interface Hands {
  /** What a program says; undefined where that is nothing, or it fails. */
  answer: (command: string, args: readonly string[]) => string | undefined;
  run: (command: string, args: readonly string[]) => void;
  say: (text: string) => void;
}

/**
 * Publishes what is not there yet, in order; the first that fails ends it, and another run goes on from there.
 * @throws Error of the command that failed.
 */
export function publish(steps: readonly Command[], { answer, run, say }: Hands): void {
  for (const step of steps) {
    const { publishes, there } = step;
    if (answer(there.command, there.args) !== undefined) say(`\n# there already: ${publishes}`);
    else {
      say(`\n# publishing ${publishes}\n${asTyped(step)}`);
      run(step.command, step.args);
    }
  }
}

/** Says what would be published, and how it would be seen that it is there. */
export function rehearse(steps: readonly Command[], say: (text: string) => void): void {
  for (const step of steps)
    say(`\n# would publish ${step.publishes}, unless it is there: ${asTyped(step.there)}\n${asTyped(step)}`);
}
