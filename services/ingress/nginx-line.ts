/**
 * One line of NGINX's error log for our log: its level, and its text without time stamp. Of what was asked there is the
 * method and the path: queries, referrers and headers may carry tokens, and no quote in the line can be trusted to end one.
 */
export function parseNginxLine(line: string): { level: 'info' | 'warn' | 'error'; text: string } {
  const match = /^(?:[\d/]+ [\d:]+ |nginx: )\[(\w+)\] (.*)$/s.exec(line)
  const text = withoutForeign(match?.[2] ?? line)
  const name = match?.[1] ?? 'error'
  const level = name === 'warn' ? 'warn' : name === 'notice' || name === 'info' ? 'info' : 'error'
  return { level, text: text.length > 2000 ? `${text.slice(0, 2000)}…` : text }
}

/** A line about a connection quotes what client or pod sent, in their own bytes: from the first such quote on it is cut. */
function withoutForeign(text: string): string {
  const at = /^\d+#\d+: \*\d+ /.test(text) ? text.search(/(?:, \w+)?: "/) : -1
  if (at < 0) return text
  const asked = /, request: "([A-Z]{1,32} \/[^\s"?]*)/.exec(text)?.[1]
  const pod = /, upstream: "(\w+:\/\/[^\s"/?]+)/.exec(text)?.[1]
  return [text.slice(0, at), asked && `request: ${asked}`, pod && `upstream: ${pod}`].filter(Boolean).join(', ')
}
