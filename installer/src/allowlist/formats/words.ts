import type { Allowlist, Endpoint } from '@sealift/bundle-spec/allowlist.ts'
import { printable } from '../../printable.ts'
import type { Format, Omitted } from './format.ts'

/** A text of a list on one line, in ASCII: no format's line, comment or direction of reading ends within it. */
export const plain = (text: string): string => printable(text).replace(/[^ -~]/gu, '?')

/**
 * What stands at the head of a text, in lines for its comments. Of the list's own words only those that name it and its entries
 * stand there: the reasons are in the formats for people.
 */
export function heading(
  list: Allowlist,
  { title, cannot }: Pick<Format, 'title' | 'cannot'>,
  omitted: readonly Omitted[],
) {
  const { name, version } = list.release
  return [
    `Allowlist ${plain(list.version)} of ${plain(name)} ${plain(version)}: ${title}`,
    'Why an entry is there: sealift allowlist explain HOST',
    ...cannot.map((what) => `Cannot say: ${what}`),
    ...omitted.map(({ id, why }) => `Left out: ${id}: ${why}`),
  ]
}

/** How it is known that an entry is needed. */
export function knownBy({ known: { how, on, after } }: Endpoint): string {
  return [how, on, after && `after ${after}`].filter(Boolean).map(String).map(plain).join(' ')
}

export const needed = ({ required }: Endpoint): string => (required ? 'required' : 'optional')
