import type { FastifyReply, FastifyRequest } from 'fastify'
import Type, { type TProperties } from 'typebox'

/** How many objects one answer of a list has: without a word, and at most. */
export const pageLimits = { usual: 100, most: 500 } as const

/** The part of a list that is asked for: so many objects after the one that `after` stands for. */
export type Page = { after: string | undefined; limit: number }

/** Text that a name may have, and a cursor that is a name: no control characters, which PostgreSQL refuses. */
export const printable = '^[ -~]{1,128}$'

/** Schema of a list's query string; `cursor` is the pattern of what stands for an object of it. */
export const pageQuery = <T extends TProperties>(cursor: string, filters: T) =>
  Type.Object(
    {
      limit: Type.Optional(
        Type.String({
          pattern: '^[1-9][0-9]{0,5}$',
          description: `how many; ${pageLimits.usual} without a word, ${pageLimits.most} at most`,
        }),
      ),
      after: Type.Optional(
        Type.String({
          pattern: cursor,
          description: 'where the page before ended: its header Link names the next one',
        }),
      ),
      ...filters,
    },
    { additionalProperties: false },
  )

/** Schema of a filter by a part of a name. */
export const NameFilter = Type.Optional(Type.String({ pattern: printable, description: 'a part of the name' }))

/** The page that a query string asks for. */
export const pageOf = ({ limit, after }: { limit?: string; after?: string }): Page => ({
  after,
  limit: Math.min(Number(limit ?? pageLimits.usual), pageLimits.most),
})

/** The rows of a page; `last` is the one that the next page begins after, where there is a next page. */
export function cut<T>(rows: readonly T[], limit: number): { shown: T[]; last: T | undefined } {
  return { shown: rows.slice(0, limit), last: rows.length > limit ? rows[limit - 1] : undefined }
}

/**
 * What is answered of `rows`, which hold one row more than asked for where there are more: the header
 * `Link: <…>; rel="next"` (RFC 8288, relative to the request) then leads to the next page. `cursorOf` says what stands
 * for a row.
 */
export function cutPage<T>(
  request: FastifyRequest,
  reply: FastifyReply,
  { rows, page, cursorOf }: { rows: T[]; page: Page; cursorOf: (row: T) => string },
): T[] {
  const { shown, last } = cut(rows, page.limit)
  if (last === undefined) return shown
  const next = new URL(request.url, 'http://manager')
  next.searchParams.set('after', cursorOf(last))
  reply.header('link', `<${next.pathname}${next.search}>; rel="next"`)
  return shown
}
