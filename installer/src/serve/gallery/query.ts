import { parseJson } from '@sealift/bundle-spec/json.ts'
import Type from 'typebox'
import Value from 'typebox/value'
import { refusal } from '../refusal.ts'
import type { Gallery, GalleryExtension } from './gallery.ts'

/** bytes of a question; an editor with hundreds of extensions sends some 20 KiB */
export const mostQueryBytes = 64 * 1024
/** extensions on one page where the client does not say, and at most (as the public gallery has it) */
const pageSize = { usual: 50, most: 1000 }
/** characters of a search; the editor itself cuts it at 200 */
const mostText = 256

/** What a criterion goes by (VS Code, extensionGalleryManifestService.ts, `filtering`). */
const by = { extensionId: 4, extensionName: 7, target: 8, searchText: 10, excludeWithFlags: 12 } as const
const latestOnly = 0x200

const Question = Type.Object({
  filters: Type.Array(
    Type.Object({
      criteria: Type.Optional(
        Type.Array(
          Type.Object({ filterType: Type.Integer(), value: Type.Optional(Type.Union([Type.String(), Type.Null()])) }),
        ),
      ),
      pageNumber: Type.Optional(Type.Integer()),
      pageSize: Type.Optional(Type.Integer()),
    }),
    { minItems: 1 },
  ),
  flags: Type.Optional(Type.Integer()),
})

/** What was found: the extensions of one page, and how many there are in all. */
export interface Found {
  page: readonly GalleryExtension[]
  total: number
  /** of each extension only the newest version is wanted */
  latestOnly: boolean
}

/**
 * Answers the question of an editor (VS Code, extensionGalleryService.ts, `queryRawGalleryExtensions`): its first filter,
 * whose criteria of one kind are alternatives, and of several kinds hold together. A criterion of a kind that says nothing
 * here (category, tag, featured) is met by nothing. Nobody counts installs or ratings here, so all orders are that of the
 * names, with those that a search names first.
 * @throws Refusal 400
 */
export function search(gallery: Gallery, body: Uint8Array): Found {
  const { filters, flags = 0 } = questionOf(body)
  const { criteria = [], pageNumber = 1, pageSize: wanted = pageSize.usual } = filters[0] as (typeof filters)[number]
  const values = (type: number) =>
    criteria.filter(({ filterType }) => filterType === type).map(({ value }) => (value ?? '').toLowerCase())
  const known: readonly number[] = Object.values(by)
  const names = new Set([...values(by.extensionName), ...values(by.extensionId)])
  const words = values(by.searchText).join(' ').slice(0, mostText).split(/\s+/).filter(Boolean)
  const isPossible =
    criteria.every(({ filterType }) => known.includes(filterType)) &&
    values(by.target).every((target) => target === 'microsoft.visualstudio.code')
  const all = !isPossible
    ? []
    : gallery.filter((one) => (names.size === 0 || names.has(one.id) || names.has(one.uuid)) && holds(one, words))
  const ranked =
    words.length === 0 ? all : all.toSorted((a, b) => Number(isNamed(b, words)) - Number(isNamed(a, words)))
  const size = Math.min(Math.max(wanted, 1), pageSize.most)
  const start = (Math.max(pageNumber, 1) - 1) * size
  return { page: ranked.slice(start, start + size), total: all.length, latestOnly: (flags & latestOnly) !== 0 }
}

function questionOf(body: Uint8Array): Type.Static<typeof Question> {
  const bad = () => refusal(400, 'UNSUPPORTED', 'this is not a query of extensions')
  let question: unknown
  try {
    question = parseJson(body, 'the query')
  } catch {
    throw bad()
  }
  if (!Value.Check(Question, question)) throw bad()
  return question
}

function holds({ id, offered }: GalleryExtension, words: readonly string[]): boolean {
  const { displayName = '', description = '' } = offered[0].extension
  const text = `${id} ${displayName} ${description}`.toLowerCase()
  return words.every((word) => text.includes(word))
}

function isNamed({ id, offered }: GalleryExtension, words: readonly string[]): boolean {
  const name = `${id} ${offered[0].extension.displayName ?? ''}`.toLowerCase()
  return words.every((word) => name.includes(word))
}
