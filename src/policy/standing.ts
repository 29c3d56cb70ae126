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

/** Whether the author of an object that was created then is proven. */
export function isUsable(standing: Standing, creationTimestamp: string): boolean {
  return standing.trusted && Date.parse(creationTimestamp) >= standing.since;
}
