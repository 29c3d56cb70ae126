import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { createHash } from 'node:crypto';

/** Something in a tar archive: a file with its content or from this machine, or a directory. */
export interface Entry {
  /** Without a slash before it. */
  path: string;
  /** Permissions; 0644 unless given, of a directory 0755. */
  mode?: number;
  /** The content; neither it nor `from` makes a directory. */
  data?: string | Buffer;
  /** The path of a file of this machine that has the content. */
  from?: string;
}

const BLOCK = 512;

/** Writes an archive (ustar, everything root's and from the epoch, so that equal content gives an equal digest); its digest and size. */
export function writeTar(file: string, entries: readonly Entry[]): { digest: string; size: number } {
  const hash = createHash('sha256');
  const out = openSync(file, 'w');
  let size = 0;
  const put = (bytes: Buffer): void => {
    hash.update(bytes);
    writeSync(out, bytes);
    size += bytes.length;
  };
  try {
    for (const entry of entries) {
      const content = entry.from === undefined ? entry.data : readFileSync(entry.from);
      const bytes = typeof content === 'string' ? Buffer.from(content) : content;
      put(header(entry, bytes?.length));
      if (!bytes) continue;
      put(bytes);
      put(Buffer.alloc((BLOCK - (bytes.length % BLOCK)) % BLOCK));
    }
    put(Buffer.alloc(2 * BLOCK));
  } finally {
    closeSync(out);
  }
  return { digest: hash.digest('hex'), size };
}

function octal(value: number, length: number): string {
  return `${value.toString(8).padStart(length - 1, '0')}\0`;
}

/** @param size of the content; undefined for a directory. */
function header({ path, mode }: Entry, size: number | undefined): Buffer {
  const block = Buffer.alloc(BLOCK);
  const isDirectory = size === undefined;
  const name = isDirectory ? `${path}/` : path;
  if (Buffer.byteLength(name) > 100) throw new Error(`${name} is too long for a name in a tar archive`);
  const fields: [number, string][] = [
    [0, name],
    [100, octal(mode ?? (isDirectory ? 0o755 : 0o644), 8)],
    [108, octal(0, 8)],
    [116, octal(0, 8)],
    [124, octal(size ?? 0, 12)],
    [136, octal(0, 12)],
    // The checksum counts its own field as blanks.
    [148, ' '.repeat(8)],
    [156, isDirectory ? '5' : '0'],
    [257, 'ustar\u000000'],
  ];
  for (const [offset, text] of fields) block.write(text, offset, 'latin1');
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}
