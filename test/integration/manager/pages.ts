import assert from 'node:assert/strict'
import type { Site } from './site.ts'

/** Reads a list page after page, as the header Link leads. */
export async function pagesOf<T>(site: Site, token: string, first: string): Promise<T[][]> {
  const pages: T[][] = []
  for (let path: string | undefined = first; path !== undefined; ) {
    const answer = await site.call(token, 'GET', path)
    assert.equal(answer.statusCode, 200, answer.body)
    const list = answer.json()
    pages.push(list.devUrls ?? list)
    path = /^<([^>]+)>; rel="next"$/.exec(answer.headers.link?.toString() ?? '')?.[1]
    assert.ok(pages.length < 50, 'it never ends')
  }
  return pages
}
