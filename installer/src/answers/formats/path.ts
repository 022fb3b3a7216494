import { firstOf, meant, type Said } from './said.ts'

const sayings: readonly (readonly [RegExp, string])[] = [
  [/^(['"]).*\1$/s, 'it is in quotes'],
  [/^~/, 'it begins with ~, which only a shell understands'],
  [/^file:\/\//i, 'it is a URL, and a path is needed'],
  [/^[a-z][a-z0-9+.-]*:\/\//i, 'it is a URL, and the file has to be on this machine'],
]

/** What keeps a text from being a path; undefined where nothing does. Whether there is a file, only its machine knows. */
export function pathFault(text: string): Said | undefined {
  const message = firstOf(text, sayings)
  const guess = text.replace(/^(['"])(.*)\1$/s, '$2').replace(/^file:\/\//i, '')
  const good = (path: string) => path !== '' && firstOf(path, sayings) === undefined
  if (message === undefined) return undefined
  const form = 'the path of a file on this machine, as in /media/usb/cde.bundle'
  return { message, fix: meant(guess, text, good, form) }
}
