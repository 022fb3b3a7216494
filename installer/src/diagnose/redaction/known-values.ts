import { decodedViews } from './decoded-views.ts'

/** What stands where a secret was. */
export const removed = '[redacted]'

/** A way in which a secret is written. */
interface Form {
  text: string
  /** a part of it of so many characters gives it away as well: keys in lines, tokens that were cut off */
  piece: number
  /** it must not be the middle of a word: short values, which are words by chance */
  word: boolean
}

/** characters by which forms are found */
const keyLength = 4
/** characters of a long secret that are too many to be there by chance */
const piece = 16
/** distance of the places at which a long form is looked for */
const stride = 8
/** forms that begin alike and are looked at; more are somebody's attempt to make this slow */
const mostAlike = 256
/** characters of one value that are looked for, and places of all values: what a large site has, not what fits into memory */
const longest = 32 * 1024
const mostPlaces = 1_000_000
/** Values shorter than this are not looked for: they are everywhere. */
export const shortestSecret = keyLength
/** Values shorter than this are looked for as words only. */
const shortWord = 8

/**
 * Finds secrets whose values are known, however they are written: as they are, escaped (JSON, URLs, HTML), in base64 and
 * base64url at any alignment, and in hex; of long ones also pieces.
 */
export class KnownValues {
  readonly #known = new Set<string>()
  readonly #byKey = new Map<number, { form: Form; at: number }[]>()
  #places = 0
  /** says of most places in a text that nothing begins there */
  readonly #maybe = new Uint8Array(1 << 18)

  get size(): number {
    return this.#known.size
  }

  /** Whether there were more values than are looked for. */
  get full(): boolean {
    return this.#places > mostPlaces
  }

  /** `whole`: only all of it is a secret, not its pieces (a configuration in which a password stands). */
  add(all: string, whole = false): void {
    const value = all.slice(0, longest)
    if (value.length < shortestSecret || this.#known.has(value) || this.full) return
    this.#known.add(value)
    this.#index({ text: value, piece: whole ? value.length : piece, word: value.length < shortWord })
    for (const bytes of [Buffer.from(value), Buffer.from(Buffer.from(value).toString('base64'))])
      for (const text of new Set(base64Forms(bytes))) this.#index({ text, piece, word: false })
    const hex = Buffer.from(value).toString('hex')
    for (const text of [hex, hex.toUpperCase()]) this.#index({ text, piece: 2 * piece, word: false })
  }

  /** Whether a text holds a known secret. */
  isIn(text: string): boolean {
    return this.#ranges(text).length > 0
  }

  /** The text without the secrets in it, and how many there were. */
  replace(text: string): { text: string; found: number } {
    const ranges = this.#ranges(text)
    if (ranges.length === 0) return { text, found: 0 }
    const parts: string[] = []
    let end = 0
    let found = 0
    for (const [from, to] of ranges.sort((a, b) => a[0] - b[0])) {
      if (to <= end) continue
      // what overlaps or touches is one secret
      if (from > end || found === 0) {
        parts.push(text.slice(end, from), removed)
        found++
      }
      end = to
    }
    parts.push(text.slice(end))
    return { text: parts.join(''), found }
  }

  #ranges(text: string): [from: number, to: number][] {
    if (this.#known.size === 0) return []
    return decodedViews(text).flatMap((view) =>
      this.#search(view.text).map(([from, to]): [number, number] => [view.from(from), view.from(to)]),
    )
  }

  #search(text: string): [from: number, to: number][] {
    const found: [number, number][] = []
    let covered = 0
    for (let i = 0; i + keyLength <= text.length; i++) {
      const key = keyAt(text, i)
      if (this.#maybe[key & 0x3ffff] === 0) continue
      let longest: [number, number] | undefined
      for (const { form, at } of this.#byKey.get(key) ?? []) {
        const range = matchAround(text, i, form, at, covered)
        if (range && (!longest || range[1] > longest[1])) longest = range
      }
      if (!longest) continue
      found.push(longest)
      covered = longest[1]
      i = Math.max(i, covered - keyLength)
    }
    return found
  }

  #index(form: Form): void {
    const last = form.text.length - form.piece
    for (let at = 0; at === 0 || at + keyLength <= form.text.length; at += stride) {
      const key = keyAt(form.text, at)
      this.#maybe[key & 0x3ffff] = 1
      const alike = this.#byKey.get(key) ?? []
      if (alike.length < mostAlike) alike.push({ form, at })
      this.#places++
      this.#byKey.set(key, alike)
      if (last <= 0) break
    }
  }
}

/** Four characters as a number of 32 bits. */
function keyAt(text: string, i: number): number {
  let key = 0
  for (let k = 0; k < keyLength; k++) key = Math.imul(key, 0x01000193) ^ text.charCodeAt(i + k)
  return key ^ (key >>> 15)
}

/** As much of a form as stands around place `i` of the text, where its character `at` is; undefined where that is too little. */
function matchAround(text: string, i: number, form: Form, at: number, floor: number): [number, number] | undefined {
  let from = i
  let inForm = at
  while (from > floor && inForm > 0 && text[from - 1] === form.text[inForm - 1]) {
    from--
    inForm--
  }
  let to = i
  for (let k = at; k < form.text.length && text[to] === form.text[k]; k++) to++
  if (to - from < Math.min(form.piece, form.text.length)) return undefined
  if (form.word && (isWordAt(text, from - 1, from) || isWordAt(text, to - 1, to))) return undefined
  return [from, to]
}

/** Whether a word goes on between two neighbouring characters. */
const isWordAt = (text: string, a: number, b: number): boolean =>
  /[\p{L}\p{N}]/u.test(text[a] ?? '') && /[\p{L}\p{N}]/u.test(text[b] ?? '')

/** What bytes look like in base64 and base64url wherever they begin in what is encoded: without the characters that depend on neighbours. */
function base64Forms(bytes: Buffer): string[] {
  return [0, 1, 2].flatMap((shift) => {
    const bits = 8 * (shift + bytes.length)
    const encoded = Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64')
    const core = encoded.slice(Math.ceil((8 * shift) / 6), Math.floor(bits / 6))
    // too short to mean anything, but where it stands alone
    const text = core.length < 6 ? encoded : core
    return core.length < 6 && shift > 0 ? [] : [text, text.replaceAll('+', '-').replaceAll('/', '_')]
  })
}
