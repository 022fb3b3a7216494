import fp from 'fastify-plugin'
import { ApiError } from '../errors.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** the body holds the text of a file: tabs and ends of lines are part of it */
    lines?: true
  }
}

/**
 * What no text of the API has: control characters and line separators, which PostgreSQL or a log takes for something else,
 * halves of a surrogate pair, which UTF-8 cannot say, and what turns the direction of the text around it (Unicode Standard
 * Annex 9, section 2), by which a name can look like another. Letters and joiners of every language are text.
 */
const foreign = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u
const foreignInLines = /(?![\t\r\n])[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u

/** Headers that are stored. */
const kept = ['user-agent', 'x-forwarded-for'] as const

/** Refuses what is no text, wherever in a request it stands, for every route. */
export default fp(async (app) => {
  app.addHook('preValidation', async (request) => {
    if (request.is404) return
    const { lines } = request.routeOptions.config
    assertText('the body', request.body, lines === true ? foreignInLines : foreign)
    assertText('the query', request.query)
    assertText('the path', request.params)
    for (const name of kept) assertText(`the header ${name}`, request.headers[name])
  })
})

/**
 * Looks at each string in a value, keys of objects too; not recursive, since a body can be nested as deep as it is long.
 * @throws ApiError 400 INPUT_CHARACTER
 */
function assertText(where: string, value: unknown, pattern = foreign): void {
  const left = [value]
  while (left.length > 0) {
    const one = left.pop()
    if (typeof one === 'object' && one !== null) {
      for (const [key, inner] of Object.entries(one)) left.push(key, inner)
    } else if (typeof one === 'string') {
      const found = pattern.exec(one)?.[0]
      if (found === undefined) continue
      const point = (found.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')
      throw new ApiError(400, 'INPUT_CHARACTER', `${where} has the character U+${point}, which is no text`)
    }
  }
}
