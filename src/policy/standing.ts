/** Whether the authors of Decisions are proven, and of which. */
export type Standing =
  | {
      trusted: true;
      /** Those created before are not, epoch milliseconds by the API server's clock. */
      since: number;
    }
  | {
      trusted: false;
      /** One sentence that says what to do. */
      message: string;
    };

/** What proves the authors of Decisions may come back: it is looked for so often while it is needed. */
export const DISTRUST_MS = 10_000;

/** Whether the author of an object that was created then is proven. */
export function isUsable(standing: Standing, creationTimestamp: string): boolean {
  return standing.trusted && Date.parse(creationTimestamp) >= standing.since;
}
