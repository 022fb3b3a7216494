import { refusal } from './refusal.ts'

/** names on one page where the client does not say, and at most */
const most = 1000

/**
 * One page of a sorted list (OCI distribution-spec, "Listing Tags": `n` and `last`), and the Link header to the next.
 * @throws Refusal 400 PAGINATION_NUMBER_INVALID
 */
export function pageOf(
  names: readonly string[],
  path: string,
  query: URLSearchParams,
): { names: readonly string[]; link: string | undefined } {
  const wanted = query.get('n')
  if (wanted !== null && !/^\d{1,9}$/.test(wanted))
    throw refusal(400, 'PAGINATION_NUMBER_INVALID', 'n is a whole number that is not negative')
  const n = Math.min(wanted === null ? most : Number(wanted), most)
  const last = query.get('last')
  const start = last === null ? 0 : firstAfter(names, last)
  const page = names.slice(start, start + n)
  const end = page.at(-1)
  const more = end !== undefined && start + n < names.length
  return { names: page, link: more ? `<${path}?n=${n}&last=${encodeURIComponent(end)}>; rel="next"` : undefined }
}

function firstAfter(names: readonly string[], last: string): number {
  const index = names.findIndex((name) => name > last)
  return index < 0 ? names.length : index
}
