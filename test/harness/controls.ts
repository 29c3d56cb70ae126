import { text } from 'node:stream/consumers';
import { type LocalServer, send, serve } from './http.ts';
import type { Behaviour } from './requests.ts';
import type { VersionScope } from './traffic.ts';

/**
 * What tests tell the world, by image or by name so that tests which share a world do not meet.
 * The same whether the world is in this process or in another one.
 */
export interface Controls {
  /** From now on requests to `image` go like this. */
  behave(image: string, behaviour: Behaviour): Promise<void>;
  /** From now on that Rollout gets so many requests per second. */
  rate(namespace: string, rollout: string, perSecond: number): Promise<void>;
  /** From now on somebody tests the preview of that blue-green Rollout with so many requests per second. */
  preview(namespace: string, rollout: string, perSecond: number): Promise<void>;
  /** Makes metrics missing, or arrive again: see `Traffic.silence`. */
  silence(on: boolean, scope?: VersionScope): Promise<void>;
  /** Whether pods with `image` become ready, from now on and for those that run already. */
  ready(image: string, isReady: boolean): Promise<void>;
  /** The exit code of pods with `image` that are meant to end, such as a Job's; undefined lets them run on. */
  exits(image: string, code: number | undefined): Promise<void>;
  /** From now on new pods with `image`, a reference without a digest, run this digest: its tag has moved. */
  moves(image: string, digest: string): Promise<void>;
}

/** One call, as it travels; each control takes and gives plain data. */
type Call = { [K in keyof Controls]: { control: K; args: Parameters<Controls[K]> } }[keyof Controls];

/** Offers controls to other processes, at a loopback port. */
export function serveControls(controls: Controls): Promise<LocalServer> {
  return serve(async (request, answer) => {
    const call: Call = JSON.parse(await text(request));
    await perform(controls, call);
    answer.end();
  });
}

async function perform(controls: Controls, call: Call): Promise<void> {
  switch (call.control) {
    case 'behave':
      return controls.behave(...call.args);
    case 'rate':
      return controls.rate(...call.args);
    case 'preview':
      return controls.preview(...call.args);
    case 'silence':
      return controls.silence(...call.args);
    case 'ready':
      return controls.ready(...call.args);
    case 'exits':
      // JSON has no undefined; an array carries it as null.
      return controls.exits(call.args[0], call.args[1] ?? undefined);
    case 'moves':
      return controls.moves(...call.args);
  }
}

/** The controls that `serveControls` offers at `url`. */
export function remoteControls(url: string): Controls {
  const call = async (call: Call): Promise<void> => {
    const { status, body } = await send('POST', url, JSON.stringify(call));
    if (status !== 200) throw new Error(`the world refused ${call.control}: ${body}`);
  };
  return {
    behave: (...args) => call({ control: 'behave', args }),
    rate: (...args) => call({ control: 'rate', args }),
    preview: (...args) => call({ control: 'preview', args }),
    silence: (...args) => call({ control: 'silence', args }),
    ready: (...args) => call({ control: 'ready', args }),
    exits: (...args) => call({ control: 'exits', args }),
    moves: (...args) => call({ control: 'moves', args }),
  };
}
