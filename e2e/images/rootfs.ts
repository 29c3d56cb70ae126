import { execFileSync } from 'node:child_process';
import { realpathSync } from 'node:fs';
import type { Entry } from './tar.ts';

/** The user of distroless images, and of the Dockerfile. */
export const NOBODY = 65532;

/** What programs look for in any root file system: who there is, where names are looked up, a place to write. */
const COMMON: readonly Entry[] = [
  {
    path: 'etc/passwd',
    data: `root:x:0:0:root:/root:/none\nnonroot:x:${NOBODY}:${NOBODY}:nonroot:/home/nonroot:/none\n`,
  },
  { path: 'etc/group', data: `root:x:0:\nnonroot:x:${NOBODY}:\n` },
  { path: 'etc/nsswitch.conf', data: 'hosts: files dns\n' },
  { path: 'tmp', mode: 0o1777 },
];

/** A root file system with these programs, path in it to path here, and the libraries that they load. */
export function rootfs(programs: Readonly<Record<string, string>>): Entry[] {
  const libraries = new Set(Object.values(programs).flatMap(librariesOf));
  return [
    ...COMMON,
    ...[...libraries].toSorted().map((path) => ({
      path: path.slice(1),
      from: realpathSync(path),
      mode: 0o755,
    })),
    ...Object.entries(programs).map(([path, from]) => ({ path, from: realpathSync(from), mode: 0o755 })),
  ];
}

/** Where the loader finds a program's libraries, and the loader itself; none of a static program. */
function librariesOf(program: string): string[] {
  let told: string;
  try {
    told = execFileSync('ldd', [program], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    return [];
  }
  return [...told.matchAll(/(?:=> |^\s+)(\/\S+) \(0x/gm)].map(([, path = '']) => path);
}
