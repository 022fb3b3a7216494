import type { LoggerOptions } from 'pino'

/** JSON to stdout; whatever could hold a secret is cut out, even where nothing logs it today. */
export function loggerOptions(level: string): LoggerOptions {
  return {
    level,
    redact: {
      paths: [
        'password',
        'token',
        'ticket',
        'session_token',
        '*.password',
        '*.token',
        'req.headers.cookie',
        'req.headers.authorization',
        'req.headers["session-token"]',
        'headers["set-cookie"]',
        'err.config',
        'err.parameters',
      ],
      censor: '[redacted]',
    },
  }
}
