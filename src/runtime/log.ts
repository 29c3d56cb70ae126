import { pino } from 'pino';
import pretty from 'pino-pretty';

/** What code may log with: the message starts with a capital and has no full stop, fields are lowerCamel. */
export interface Log {
  debug(fields: Record<string, unknown>, message: string): void;
  info(fields: Record<string, unknown>, message: string): void;
  warn(fields: Record<string, unknown>, message: string): void;
  error(fields: Record<string, unknown>, message: string): void;
  /** A log whose every line carries `fields`. */
  child(fields: Record<string, unknown>): Log;
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** JSON lines on stderr for machines, or one readable line per entry with `format: 'text'`. */
export function createLog(options: { level: LogLevel; format: 'json' | 'text' }): Log {
  const settings = {
    level: options.level,
    base: {},
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  if (options.format === 'json') return pino(settings, pino.destination(2));
  const stream = pretty({
    destination: 2,
    sync: true,
    colorize: process.stderr.isTTY && !process.env['NO_COLOR'],
    singleLine: true,
  });
  return pino(settings, stream);
}

/** A log that says nothing, for tests and tools. */
export const silentLog: Log = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => silentLog,
};
