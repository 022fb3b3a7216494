import { type LoggerOptions, stdSerializers } from 'pino'

/** What follows the path of a URL in a line of JSON. Queries carry codes, tickets and tokens. */
const query = /(\/[^\s"\\?]*)\?(?:[^\s"\\]|\\.)+/g
/** What JSON.parse says of a fault quotes what it read. */
const quoted = /Unexpected token .{1,100}? is not valid JSON/g

/**
 * JSON to stdout, of every service. Whatever could hold a secret is cut out, even where nothing logs it today: of a
 * request there is its path and no header, of an error what it says and where, and no line has the query of a URL.
 */
export function loggerOptions(level: string): LoggerOptions {
  return {
    level,
    serializers: {
      req: ({ method, url = '', ip }: { method?: string; url?: string; ip?: string }) => ({
        method,
        path: url.split('?')[0],
        remoteAddress: ip,
      }),
      err(error: Error & { code?: unknown }) {
        const { type, message, stack } = stdSerializers.err(error)
        return { type, message, stack, code: error.code }
      },
    },
    redact: {
      paths: [
        'password',
        'token',
        'ticket',
        'session_token',
        '*.password',
        '*.token',
        'headers.cookie',
        'headers.authorization',
        'headers["session-token"]',
        'headers["set-cookie"]',
      ],
      censor: '[redacted]',
    },
    hooks: { streamWrite: (line) => line.replace(query, '$1?…').replace(quoted, 'it is not valid JSON') },
  }
}
