import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Lua } from 'wasmoon-lua5.1';

/*
 * Argo CD's way to run a health.lua (util/lua/lua.go): the live object is the global `obj`, the base, table and
 * package libraries are there and nothing else, and a table comes back. Argo CD's own interpreter is gopher-lua, which
 * reads Lua 5.1 and a little more; this one is Lua 5.1 itself, so it refuses whatever is newer.
 */

/** Where the chart has them, in the layout of Argo CD's own repository. */
export const CUSTOMIZATIONS = join(
  import.meta.dirname,
  '../../charts/sluice/argocd/resource_customizations/sluice.dev',
);

/** The codes that Argo CD takes; anything else it shows as Unknown. */
export const CODES = ['Healthy', 'Progressing', 'Suspended', 'Degraded'] as const;

/** What a script answers. */
export interface Health {
  status: string;
  message: string;
}

/** The health.lua of a kind. */
export function scriptOf(kind: string): string {
  return readFileSync(join(CUSTOMIZATIONS, kind, 'health.lua'), 'utf8');
}

/** JSON as the Lua literal of what Argo CD makes of it: null is nil. */
export function literal(value: unknown): string {
  if (typeof value === 'string') return quoted(value);
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) return `{${value.map(literal).join(', ')}}`;
  if (typeof value !== 'object' || value === null) return 'nil';
  const fields = Object.entries(value).map(([key, one]) => `[${quoted(key)}] = ${literal(one)}`);
  return `{${fields.join(', ')}}`;
}

/** Every byte that is not plain as its number. */
function quoted(text: string): string {
  if (/^[ !#-[\]-~]*$/.test(text)) return `"${text}"`;
  return `"${[...Buffer.from(text)].map((byte) => `\\${String(byte).padStart(3, '0')}`).join('')}"`;
}

/** What is not there in Argo CD goes; a global that is not there, or that a script would leave behind, is an error. */
const PREPARE = `
getmetatable("").__index = nil
for _, name in ipairs({"string", "math", "io", "debug", "coroutine", "os"}) do
  _G[name] = nil
  package.loaded[name] = nil
end
obj = false
setmetatable(_G, {
  __index = function(_, name) error("no global " .. name, 2) end,
  __newindex = function(_, name) error("a global is made: " .. name, 2) end,
})`;

const RUN = `
local script, problem = loadstring(script, "=health.lua")
if not script then error(problem, 0) end
local health = script()
if type(health) ~= "table" then error("expect table output from Lua script, not " .. type(health), 0) end
for key, value in pairs(health) do
  if (key ~= "status" and key ~= "message") or type(value) ~= "string" then
    error("not a health: " .. tostring(key) .. " = " .. tostring(value), 0)
  end
end
return health.status .. "\\n" .. (health.message or "")`;

/** An interpreter as Argo CD has it. */
export class ArgoCdLua {
  readonly #lua: Lua;

  private constructor(lua: Lua) {
    this.#lua = lua;
    lua.global.set('script', '');
    lua.doStringSync(PREPARE);
  }

  static async start(): Promise<ArgoCdLua> {
    return new ArgoCdLua(await Lua.create());
  }

  /** The answer of a script about an object. Throws what Lua throws. */
  health(script: string, object: unknown): Health {
    this.#lua.global.set('script', script);
    this.#lua.doStringSync(`obj = ${literal(object)}`);
    const answer: unknown = this.#lua.doStringSync(RUN);
    const [status = '', ...message] = String(answer).split('\n');
    return { status, message: message.join('\n') };
  }
}
