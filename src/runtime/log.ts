import { type Logger, pino } from 'pino';
import pretty from 'pino-pretty';

/** What code may log with: the message starts with a capital and has no full stop, fields are lowerCamel. */
export interface Log {
  debug(fields: Record<string, unknown>, message: string): void;
  info(fields: Record<string, unknown>, message: string): void;
  warn(fields: Record<string, unknown>, message: string): void;
  error(fields: Record<string, unknown>, message: string): void;
  /** A line that is there whatever the level: what is put on record. */
  record(fields: Record<string, unknown>, message: string): void;
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
  // Each line is written before the next thing is done: a process that is killed has written what it has logged.
  if (options.format === 'json') return asLog(pino(settings, pino.destination({ dest: 2, sync: true })));
  const stream = pretty({
    destination: 2,
    sync: true,
    colorize: process.stderr.isTTY && !process.env['NO_COLOR'],
    singleLine: true,
  });
  return asLog(pino(settings, stream));
}

function asLog(logger: Logger): Log {
  return {
    debug: (fields, message) => logger.debug(fields, message),
    info: (fields, message) => logger.info(fields, message),
    warn: (fields, message) => logger.warn(fields, message),
    error: (fields, message) => logger.error(fields, message),
    record: (fields, message) => logger.child({}, { level: 'info' }).info(fields, message),
    child: (fields) => asLog(logger.child(fields)),
  };
}

/** A log that says nothing, for tests and tools. */
export const silentLog: Log = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  record: () => {},
  child: () => silentLog,
};
