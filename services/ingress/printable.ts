/** Text that came from an object, fit for a log or an event: quoted, short, plain ASCII without control characters. */
export function printable(text: string): string {
  const short = text.length > 80 ? `${text.slice(0, 80)}...` : text
  return JSON.stringify(short).replace(/[^\x20-\x7e]/g, '?')
}
