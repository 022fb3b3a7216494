import { removed } from './known-values.ts'
import { namesSecret, secretWord } from './secret-names.ts'

const word = new RegExp(secretWord, 'gi')
/** the rest of a name, and what stands between it and its value */
const behind = /([\w.-]{0,64})(\]?(?:\\{0,7}["'])?\s{0,8}(?::=|=>|[:=]|%3[aAdD])\s{0,8})/y
/** the same behind a flag: a space, or what parts two words of a JSON array */
const behindFlag = /([\w.-]{0,64})(\s{1,4}|\\{0,7}["']\s{0,4},\s{0,4})/y
/** the same in an element of XML */
const behindTag = /([\w.-]{0,64})(>)/y
const openingQuote = /\\{0,7}["']/y
const plain = /(?:\\(?!["'])|[^\s"'&\\])*/y
const withScheme = /(?:Bearer|Basic|Digest|Negotiate|Token)\s+(?:\\(?!["'])|[^\s"'&\\])*/iy
const untilQuote = /(?:\\(?!["'])|[^"'\\])*/y
/** values that go on behind a space: headers */
const long = /authorization|cookie/i

/** Removes from a line the values behind names that name secrets: `password=…`, `"token": "…"`, `--secret …`. */
export function removeNamed(line: string): { text: string; found: number } {
  const parts: string[] = []
  let end = 0
  let found = 0
  word.lastIndex = 0
  for (let match = word.exec(line); match; match = word.exec(line)) {
    const after = match.index + match[0].length
    const before = /[\w.-]{0,64}$/.exec(line.slice(Math.max(0, match.index - 64), match.index))?.[0] ?? ''
    const flag = before.startsWith('-')
    const tag = line[match.index - before.length - 1] === '<'
    const separator =
      sticky(behind, line, after) ??
      (flag ? sticky(behindFlag, line, after) : tag ? sticky(behindTag, line, after) : null)
    if (!separator) continue
    const [, rest = ''] = separator
    const name = before + match[0] + rest
    const from = after + separator[0].length
    const value = valueAt(line, from, long.test(name))
    word.lastIndex = Math.max(after, value.from)
    if (!namesSecret(name) || isHarmless(line.slice(value.from, value.to))) continue
    parts.push(line.slice(end, value.from), removed)
    end = value.to
    word.lastIndex = Math.max(value.to, after)
    found++
  }
  parts.push(line.slice(end))
  return { text: parts.join(''), found }
}

const sticky = (pattern: RegExp, text: string, at: number): RegExpExecArray | null => {
  pattern.lastIndex = at
  return pattern.exec(text)
}

/** Where the value at a place begins and ends: within quotes, escaped ones too, or up to a space. */
function valueAt(line: string, at: number, isLong: boolean): { from: number; to: number } {
  const quote = sticky(openingQuote, line, at)?.[0]
  if (quote !== undefined) {
    const from = at + quote.length
    for (let to = line.indexOf(quote, from); to >= 0; to = line.indexOf(quote, to + 1))
      if (!isEscaped(line, to)) return { from, to }
    return { from, to: line.length }
  }
  const pattern = line[at - 1] === '>' ? /[^<]*/y : isLong ? untilQuote : plain
  const text = sticky(withScheme, line, at)?.[0] ?? sticky(pattern, line, at)?.[0] ?? ''
  return { from: at, to: at + (isLong ? (sticky(untilQuote, line, at)?.[0] ?? text) : text).length }
}

/** An odd number of backslashes before a quote makes it a part of the text. */
function isEscaped(line: string, at: number): boolean {
  let slashes = 0
  while (line[at - 1 - slashes] === '\\') slashes++
  return slashes % 2 === 1
}

/** Values that tell nothing: none, an answer of yes or no, the beginning of a structure, a reference to a variable. */
export const isHarmless = (value: string): boolean =>
  value === removed ||
  /^(?:true|false|null|none|undefined|nil|yes|no|\*+|[[\]{}(),;.:|>-]*|<[\w -]+>|\$\{?\w+\}?|\$\(\w+\))$/i.test(value)
