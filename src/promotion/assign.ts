/* Who counts at which gate, where whoever counts at one counts at no other. */

/** One gate that asks persons, and who may count there, in the order in which they are taken. */
export interface Claim {
  gate: string;
  /** Who counts here counts at no other gate. */
  distinct: boolean;
  needed: number;
  by: readonly string[];
}

/** Choices that are tried out for one more gate; there are fewer wherever people approve by hand. */
const MOST_CHOICES = 10_000;

/**
 * Who counts where, so that every gate passes that can: those before it in the list are not given up for one that comes
 * later, though their persons may be others then. By claim; a gate that cannot pass has none.
 */
export function assign(claims: readonly Claim[]): Map<Claim, readonly string[]> {
  let passing: Claim[] = [];
  let chosen: readonly (readonly string[])[] = [];
  for (const claim of claims) {
    const more = [...passing, claim];
    const found = choose(more);
    if (found) [passing, chosen] = [more, found];
  }
  return new Map(passing.map((claim, i) => [claim, chosen[i] ?? []]));
}

/** Persons for each of these claims, the first that fit; undefined: they do not all pass. */
function choose(claims: readonly Claim[]): readonly (readonly string[])[] | undefined {
  const chosen: string[][] = claims.map(() => []);
  let choices = 0;
  /** Fills the claim at `i` from the person at `from` on, and then all that come after it. */
  const fill = (i: number, from: number): boolean => {
    const [claim, own] = [claims[i], chosen[i]];
    if (!claim || !own) return true;
    if (own.length >= claim.needed) return fill(i + 1, 0);
    for (let k = from; k <= claim.by.length - (claim.needed - own.length); k += 1) {
      const person = claim.by[k];
      choices += 1;
      if (choices > MOST_CHOICES) return false;
      if (person === undefined || isTaken(person, claim)) continue;
      own.push(person);
      if (fill(i, k + 1)) return true;
      own.pop();
    }
    return false;
  };
  const isTaken = (person: string, claim: Claim): boolean =>
    claims.some((other, j) => excludes(other, claim) && chosen[j]?.includes(person));
  return fill(0, 0) ? chosen : undefined;
}

/** Whether nobody may count at both. */
export function excludes(
  one: Pick<Claim, 'gate' | 'distinct'>,
  other: Pick<Claim, 'gate' | 'distinct'>,
): boolean {
  return one.gate !== other.gate && (one.distinct || other.distinct);
}
