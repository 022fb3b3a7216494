/** A way to write a secret, and a text in which it stands like that. */
export interface Spelling {
  name: string
  write: (secret: string) => string
}

const json = (text: string): string => JSON.stringify(text).slice(1, -1)
const percent = (text: string): string =>
  [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')

/** How secrets come to be written in logs, objects and files. */
export const spellings: readonly Spelling[] = [
  { name: 'plain', write: (secret) => secret },
  { name: 'JSON', write: json },
  { name: 'JSON in JSON', write: (secret) => json(json(secret)) },
  {
    name: 'JSON of Go',
    write: (secret) => json(secret).replace(/[<>&]/g, (c) => `\\u00${c.charCodeAt(0).toString(16)}`),
  },
  { name: 'URL', write: encodeURIComponent },
  { name: 'URL, all of it', write: percent },
  { name: 'URL in JSON', write: (secret) => json(encodeURIComponent(secret)) },
  { name: 'HTML', write: (secret) => secret.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`) },
  { name: 'base64', write: (secret) => Buffer.from(secret).toString('base64') },
  { name: 'base64url', write: (secret) => Buffer.from(secret).toString('base64url') },
  {
    name: 'base64 of base64',
    write: (secret) => Buffer.from(Buffer.from(secret).toString('base64')).toString('base64'),
  },
  { name: 'base64 with more', write: (secret) => Buffer.from(`u:${secret}:x`).toString('base64') },
  { name: 'base64 of JSON', write: (secret) => Buffer.from(JSON.stringify({ a: 1, b: secret })).toString('base64') },
  { name: 'base64 in a path', write: (secret) => `/v2/${Buffer.from(secret).toString('base64')}/` },
  { name: 'hex', write: (secret) => Buffer.from(secret).toString('hex') },
  { name: 'hex, large', write: (secret) => Buffer.from(secret).toString('hex').toUpperCase() },
]

/** Whether a text still gives a secret away, in any of the spellings. */
export function givesAway(text: string, secret: string): string | undefined {
  return spellings.find(({ name, write }) => !/with more|of JSON|in a path/.test(name) && text.includes(write(secret)))
    ?.name
}
