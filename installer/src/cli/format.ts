/** characters of one text from outside that are shown */
const longest = 2048

/**
 * Text from outside, safe to print: control characters, ANSI escapes, line breaks, bidirectional overrides, spaces other
 * than the plain one, characters that show nothing and heaps of combining marks are written as \u{…}, so that a name can
 * neither fake a line of ours nor hide a part of itself. Very long text is cut.
 */
export function safe(text: string): string {
  const shown = text.length > longest ? `${text.slice(0, longest)}…` : text
  return shown.replace(unsafe, escaped)
}

/** characters that are no letters to anyone but show nothing: joiners, fillers, the empty Braille cell, variation selectors */
const invisible = '\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\ufe00-\ufe0f'
const unsafe = new RegExp(
  `[\\p{Cc}\\p{Cf}\\p{Cs}\\p{Co}\\p{Cn}\\p{Zl}\\p{Zp}]|(?! )\\p{Zs}|[${invisible}]|(?<=\\p{M}{3})\\p{M}`,
  'gu',
)
const escaped = (character: string): string => `\\u{${(character.codePointAt(0) as number).toString(16)}}`

/**
 * One JSON document on one line. What a terminal would act on is written as \uXXXX, which JSON readers undo.
 */
export function jsonLine(value: unknown): string {
  return JSON.stringify(value).replace(unsafe, (character) =>
    character
      .split('')
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  )
}
