/**
 * One line of NGINX's error log for our log: its level, and its text without time stamp and without the queries of
 * request and referrer, which may carry tokens.
 */
export function parseNginxLine(line: string): { level: 'info' | 'warn' | 'error'; text: string } {
  const match = /^(?:[\d/]+ [\d:]+ |nginx: )\[(\w+)\] (.*)$/s.exec(line)
  const text = (match?.[2] ?? line).replace(/\?[^\s"]*/g, '?…')
  const name = match?.[1] ?? 'error'
  const level = name === 'warn' ? 'warn' : name === 'notice' || name === 'info' ? 'info' : 'error'
  return { level, text: text.length > 2000 ? `${text.slice(0, 2000)}…` : text }
}
