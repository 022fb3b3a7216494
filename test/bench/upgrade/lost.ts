import { counted } from '../../e2e/terminal.ts'

/** Bytes of the lines `<first>` to `<last>` that a terminal did not show, and those that it showed beside them. */
export function lostIn(shown: string): { lost: number; doubled: number } {
  const numbers = counted(shown)
  const there = new Set(numbers)
  const first = Math.min(...numbers)
  const last = Math.max(...numbers)
  const line = (number: number) => `<${number}>\r\n`
  let lost = 0
  let expected = 0
  for (let number = first; number <= last; number++) {
    expected += line(number).length
    if (!there.has(number)) lost += line(number).length
  }
  // the last line may have come without its end
  const end = shown.endsWith('\r\n') ? 0 : '\r\n'.length
  const came = shown.length - shown.indexOf(`<${numbers[0]}>`)
  return { lost, doubled: Math.max(0, came + lost + end - expected) }
}
