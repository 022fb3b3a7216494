/** A text as some reader would decode it; `from[i]` is where its character i begins in the original, `from[length]` its end. */
export interface View {
  text: string
  from: (i: number) => number
}

/** how often one encoding may stand within itself: JSON in a string of JSON, in a string of JSON */
const depth = 3

/**
 * The text itself, and as it reads once the escapes of JSON (`\"`, `\u0026`), of URLs (`%2F`) and of HTML (`&amp;`) in it
 * are undone, also within one another. So a secret is found however it was written, without a list of all its spellings.
 */
export function decodedViews(text: string): View[] {
  const views: View[] = [{ text, from: (i) => i }]
  for (const [mark, decode] of [
    ['\\', unescapeJson],
    ['%', unescapeUrl],
    ['&', unescapeHtml],
  ] as const)
    for (const view of [...views])
      for (let at = view, i = 0; i < depth && at.text.includes(mark); i++) {
        const next = decode(at)
        if (next.text === at.text) break
        views.push(next)
        at = next
      }
  return views
}

const letters: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: '\b', f: '\f' }

const unescapeJson = (view: View): View =>
  replaced(view, /\\(?:u([0-9a-fA-F]{4})|([^u]))/g, ([, code, letter = '']) =>
    code === undefined ? (letters[letter] ?? letter) : String.fromCharCode(Number.parseInt(code, 16)),
  )

const unescapeUrl = (view: View): View =>
  replaced(view, /(?:%[0-9a-fA-F]{2})+/g, ([run]) => Buffer.from(run.replaceAll('%', ''), 'hex').toString())

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

const unescapeHtml = (view: View): View =>
  replaced(view, /&(?:#(\d{1,6})|#[xX]([0-9a-fA-F]{1,6})|(amp|lt|gt|quot|apos));/g, ([all, decimal, hex, name]) => {
    if (name !== undefined) return entities[name] as string
    const code = decimal === undefined ? Number.parseInt(hex as string, 16) : Number(decimal)
    return code <= 0x10ffff ? String.fromCodePoint(code) : all
  })

/** A view in which each match reads as `decode` says. Within one match its characters are spread evenly. */
function replaced(view: View, pattern: RegExp, decode: (match: RegExpExecArray) => string): View {
  const parts: string[] = []
  const starts: number[] = []
  let end = 0
  const copy = (to: number) => {
    parts.push(view.text.slice(end, to))
    for (let i = end; i < to; i++) starts.push(i)
  }
  for (const match of view.text.matchAll(pattern)) {
    copy(match.index)
    const text = decode(match)
    const length = match[0].length
    parts.push(text)
    for (let i = 0; i < text.length; i++) starts.push(match.index + Math.floor((i * length) / text.length))
    end = match.index + length
  }
  copy(view.text.length)
  starts.push(view.text.length)
  return { text: parts.join(''), from: (i) => view.from(starts[i] as number) }
}
