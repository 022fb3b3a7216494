/** values that get a number of their own */
const most = 100_000

/** Names in the place of what is personal: the same one for the same value, by the order in which they are first seen. */
export class Pseudonyms {
  readonly #known = new Map<string, string>()
  readonly #prefix: string

  /** `prefix`: what stands before the number, `user` for `user-1`. */
  constructor(prefix: string) {
    this.#prefix = prefix
  }

  get size(): number {
    return this.#known.size
  }

  of(value: string): string {
    const known = this.#known.get(value)
    if (known !== undefined) return known
    if (this.#known.size >= most) return `${this.#prefix}-other`
    const name = `${this.#prefix}-${this.#known.size + 1}`
    this.#known.set(value, name)
    return name
  }
}
