// comments, strings ('…', E'…'), quoted names and dollar-quoted bodies (PostgreSQL, "Lexical Structure")
const unread =
  /--[^\n]*|\/\*[\s\S]*?\*\/|\b[eE]'(?:[^'\\]|\\[\s\S]|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|(?<![\w$])\$([A-Za-z_]\w*)?\$[\s\S]*?\$\1\$/g

/** The statements of a SQL text in upper case, with one space between words, without comments and what stands in quotes. */
export function statementsOf(sql: string): string[] {
  return sql
    .replace(unread, (text) => (/^(--|\/\*)/.test(text) ? ' ' : "''"))
    .split(';')
    .map((statement) => statement.trim().replace(/\s+/g, ' ').toUpperCase())
    .filter((statement) => statement !== '')
}

/**
 * What a migration must not hold: it runs in the transaction that also notes it, whole or not at all. Each with what is to
 * be said of it.
 */
const forbidden: readonly [RegExp, string][] = [
  [
    /^(BEGIN|START|COMMIT|END|ROLLBACK|ABORT|SAVEPOINT|RELEASE|PREPARE TRANSACTION)\b/,
    'ends or divides the transaction that a migration is',
  ],
  [/\bCONCURRENTLY\b/, 'cannot run in a transaction'],
  [
    /^(VACUUM|CALL|ALTER SYSTEM|((CREATE|DROP) (DATABASE|TABLESPACE|SUBSCRIPTION))|REINDEX (DATABASE|SYSTEM))\b/,
    'cannot run in a transaction',
  ],
  [/^(SET (?!LOCAL\b)|RESET\b|DISCARD\b)/, 'outlives the migration: SET LOCAL ends with it'],
  [/^(COPY|LISTEN|UNLISTEN|NOTIFY)\b/, 'speaks with the client that runs it'],
]

/** Says what of a SQL text cannot be (part of) a migration, for a person; undefined when all of it can. */
export function whyNotAtOnce(sql: string): string | undefined {
  for (const statement of statementsOf(sql))
    for (const [pattern, why] of forbidden) if (pattern.test(statement)) return `${statement.slice(0, 60)}: it ${why}`
  return undefined
}
