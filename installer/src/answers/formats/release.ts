import type { SealiftError } from '@sealift/bundle-spec/error.ts'
import { parseReleaseName } from '@sealift/bundle-spec/release-name.ts'
import { firstOf, meant, type Said } from './said.ts'

const sayings: readonly (readonly [RegExp, string])[] = [
  [/^\s*[a-z][a-z0-9+.-]*:\/\//i, 'it is a URL, and a release is named without one'],
  [/\s/, 'it has a space in it'],
  [/^[^/]*@/, 'it names a user, and logins are taken from registry.username or from docker login'],
  [/^[^@]*[A-Z][^@]*\//, 'it has upper-case letters in its host or path'],
  [/\.bundle$/, 'it is a file, and that is the answer bundle'],
]

/** What keeps a text from being the name of a release in a registry; undefined where nothing does. */
export function releaseFault(text: string): Said | undefined {
  const message = firstOf(text, sayings) ?? fault(text)
  if (message === undefined) return undefined
  const form =
    'HOST[:PORT]/REPOSITORY:VERSION as sealift seed said it, such as registry.vendor.example/cde/release:0.1.0'
  const isGood = (guess: string) => firstOf(guess, sayings) === undefined && fault(guess) === undefined
  return { message, fix: meant(likely(text), text, isGood, form) }
}

function fault(text: string): string | undefined {
  try {
    parseReleaseName(text)
    return undefined
  } catch (error) {
    return (error as SealiftError).why
  }
}

const likely = (text: string): string =>
  text
    .trim()
    .replace(/^[a-z][a-z0-9+.-]*:\/\//i, '')
    .replace(/^[^/]*@/, '')
    .replace(/^.*\//, (path) => path.toLowerCase())
