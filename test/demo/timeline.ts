import type { Promotion } from '../../src/api/v1alpha1/types.ts';
import type { Api, KubeObject } from '../harness/api.ts';
import { follow } from '../harness/watch.ts';
import { bar, column, dim, toned } from './style.ts';

/** What a line of the timeline shows of a promotion. */
interface Line {
  reason: string;
  message: string;
  weight: number;
  gate: string;
  verdict: string;
  evidence: string;
}

/** The last answer of the gate: its verdict and, once it has decided, the value and the condition. */
function gateOf({ status }: Promotion): { gate: string; verdict: string; evidence: string } {
  // Of the target that failed, else of the one that is least far: the one that the message speaks of.
  const target = status?.revert?.target ?? status?.summary?.target;
  const gate = status?.gates?.find((g) => g.target === target) ?? status?.gates?.[0];
  if (!gate) return { gate: '', verdict: '', evidence: '' };
  const decided = gate.verdict === 'Pass' || gate.verdict === 'Fail';
  return { gate: gate.gate, verdict: gate.verdict, evidence: decided ? gate.message : '' };
}

function lineOf(promotion: Promotion): Line | undefined {
  const succeeded = promotion.status?.conditions?.find((c) => c.type === 'Succeeded');
  if (!succeeded) return undefined;
  return {
    reason: succeeded.reason,
    // A digest is told from another by its beginning.
    message: succeeded.message.replaceAll(/(sha256:[0-9a-f]{6})[0-9a-f]+/g, '$1…'),
    weight: promotion.status?.summary?.weight ?? 0,
    ...gateOf(promotion),
  };
}

/** Wraps text at words, with the lines after the first one indented. */
function wrapped(text: string, indent: number): string {
  const width = Math.max(40, Math.min(process.stdout.columns ?? 120, 140) - indent);
  const lines: string[] = [''];
  for (const word of text.split(' ')) {
    const last = lines.length - 1;
    if (`${lines[last]} ${word}`.length > width && lines[last]) lines.push(word);
    else lines[last] = lines[last] ? `${lines[last]} ${word}` : word;
  }
  return lines.join(`\n${' '.repeat(indent)}`);
}

/** Prints every change of every promotion in a namespace, as it happens. */
export class Timeline {
  readonly #start = performance.now();
  readonly #seen = new Map<string, string>();
  #evidence = '';
  #stop = (): void => {};

  /** Begins to follow the promotions of a namespace. */
  async follow(api: Api, namespace: string): Promise<void> {
    const path = `/apis/sluice.dev/v1alpha1/namespaces/${namespace}/promotions`;
    const followed = await follow<Promotion & KubeObject>(api, path, (promotion) => this.#show(promotion));
    this.#stop = () => followed.stop();
  }

  /** A line that is not about a promotion's status. */
  say(text: string): void {
    process.stdout.write(`${dim(this.#time())}  ${text}\n`);
  }

  stop(): void {
    this.#stop();
  }

  #time(): string {
    return `${((performance.now() - this.#start) / 1000).toFixed(1)} s`.padStart(8);
  }

  #show(promotion: Promotion): void {
    const line = lineOf(promotion);
    if (!line) return;
    const key = JSON.stringify(line);
    if (this.#seen.get(promotion.metadata.uid) === key) return;
    this.#seen.set(promotion.metadata.uid, key);
    const cells = [
      dim(this.#time()),
      `${String(line.weight).padStart(3)} % ${bar(line.weight)}`,
      column(line.verdict, 12, toned),
      column(line.reason, 12, toned),
    ];
    const indent = 8 + 2 + 16 + 2 + 12 + 2 + 12 + 2;
    // Told once: a revert has many stages and one cause, which its message names anyway.
    const isNew =
      line.evidence !== '' && line.evidence !== this.#evidence && !line.message.includes(line.evidence);
    this.#evidence = line.evidence;
    const evidence = isNew ? dim(`\n${' '.repeat(indent)}${line.gate}: ${line.evidence}`) : '';
    process.stdout.write(`${cells.join('  ')}  ${wrapped(line.message, indent)}${evidence}\n`);
  }
}
