/**
 * The lines of a stream of UTF-8, wherever its chunks end. Of a line longer than `most` characters only the beginning is
 * held; a last line without an end counts as well.
 */
export async function* boundedLines(stream: AsyncIterable<Uint8Array>, most: number): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let begun = ''
  const line = (end: string) => {
    const text = (begun + end).slice(0, most)
    begun = ''
    return text.endsWith('\r') ? text.slice(0, -1) : text
  }
  for await (const chunk of stream) {
    const parts = decoder.decode(chunk, { stream: true }).split('\n')
    const last = parts.pop() as string
    for (const part of parts) yield line(part)
    if (begun.length < most) begun += last
  }
  const last = decoder.decode()
  if (begun !== '' || last !== '') yield line(last)
}

/** The newest lines of a text without end: as many as fit into so many bytes. */
export class NewestLines {
  readonly #limit: number
  #lines: string[] = []
  #first = 0
  #bytes = 0
  /** bytes of older lines that are gone */
  dropped = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  push(line: string): void {
    this.#lines.push(line)
    this.#bytes += Buffer.byteLength(line) + 1
    while (this.#bytes > this.#limit && this.#first < this.#lines.length) {
      const size = Buffer.byteLength(this.#lines[this.#first] as string) + 1
      this.#first++
      this.#bytes -= size
      this.dropped += size
    }
    if (this.#first > 10_000 && this.#first * 2 > this.#lines.length) {
      this.#lines = this.#lines.slice(this.#first)
      this.#first = 0
    }
  }

  text(): string {
    return this.#lines
      .slice(this.#first)
      .map((line) => `${line}\n`)
      .join('')
  }
}
