import { send } from '@sealift/web/request.ts'

/** A part of a list; `next` is the path of what comes after it, where there is more. */
export type Page<T> = { items: T[]; next: string | undefined }

/** The most that the manager answers at once. */
const most = 500

/** One page of a list, with what the header Link (RFC 8288) says of the next. @throws ApiFailure */
export async function getPage<T>(path: string): Promise<Page<T>> {
  const { headers, body } = await send<T[]>('GET', path)
  return { items: body, next: /<([^>]+)>; rel="next"/.exec(headers.get('link') ?? '')?.[1] }
}

/** Pages of a list from its first on, until there are `least` objects or no more. @throws ApiFailure */
export async function readPages<T>(first: string, least: number, get = getPage<T>): Promise<Page<T>> {
  let all = await get(first)
  while (all.items.length < least && all.next !== undefined) {
    const { items, next } = await get(all.next)
    all = { items: [...all.items, ...items], next }
  }
  return all
}

/** A whole list, for what one is chosen from. @throws ApiFailure */
export const readAll = async <T>(path: string): Promise<T[]> =>
  (await readPages<T>(`${path}?limit=${most}`, Number.POSITIVE_INFINITY)).items

/** The path of a list, of what is called so where a name is given. */
export const found = (path: string, name: string): string =>
  name === '' ? path : `${path}?name=${encodeURIComponent(name)}`
