import { gzipSync } from 'node:zlib';

/** A file of an archive. */
export interface Entry {
  /** Without folders: at most 100 bytes fit. */
  name: string;
  mode: number;
  content: Buffer;
}

/** Seconds since the epoch: the time that npm gives to every file of a package, for the same reason. */
const MTIME = 499_162_500;
const BLOCK = 512;
/** Byte of the gzip header that says on which system it was made; 255: it does not say. */
const GZIP_OS = 9;

/**
 * A .tar.gz that follows from its content alone: no time, no owner, no order of a directory. Whoever builds the same
 * commit can compare checksums. POSIX.1-1988 (ustar), which every tar reads; written here because the flags that do
 * it are GNU tar's only.
 */
export function tarGz(entries: readonly Entry[]): Buffer {
  const sorted = entries.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const blocks = sorted.flatMap(({ content, ...entry }) => [
    headerOf(entry, content.length),
    content,
    Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK),
  ]);
  // Two empty blocks are the end.
  const gzip = gzipSync(Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)]), { level: 9 });
  gzip[GZIP_OS] = 255;
  return gzip;
}

function headerOf({ name, mode }: Omit<Entry, 'content'>, size: number): Buffer {
  if (Buffer.byteLength(name) > 100) throw new Error(`${name} is too long a name for this archive`);
  const header = Buffer.alloc(BLOCK);
  const octal = (value: number, at: number, length: number): void =>
    void header.write(value.toString(8).padStart(length - 1, '0'), at);
  header.write(name, 0);
  octal(mode, 100, 8);
  octal(0, 108, 8); // user
  octal(0, 116, 8); // group
  octal(size, 124, 12);
  octal(MTIME, 136, 12);
  header.write('        ', 148); // the checksum counts itself as spaces
  header.write('0', 156); // a regular file
  header.write('ustar\x0000', 257);
  const sum = header.reduce((a, b) => a + b, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return header;
}
