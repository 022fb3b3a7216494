import { meant, type Said } from './said.ts'

const id = /^[a-z0-9]+(-[a-z0-9]+)*$/

/** What keeps a text from being the id of a check; undefined where nothing does. */
export function checkFault(text: string): Said | undefined {
  if (id.test(text)) return undefined
  const guess = text
    .trim()
    .toLowerCase()
    .replace(/[\s_]+/g, '-')
  return {
    message: 'it is not the id of a check',
    fix: meant(guess, text, (good) => id.test(good), 'as in network-policy'),
  }
}
