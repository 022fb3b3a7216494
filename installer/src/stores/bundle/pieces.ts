import { access } from 'node:fs/promises'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { bundleOfPart, partName, partsIndexName, partsSignatureName } from '@sealift/bundle-spec/parts.ts'

/** How split(1) names the first piece of PREFIX, where it is told no more than how long its endings are, or to use digits. */
const firstEndings = ['aa', '00', 'aaa', '000', '01']

export const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )

/**
 * What it means that there is no file and no parts index of a name: pieces of it may lie there.
 * @returns BUNDLE_PARTS; undefined where there are none
 */
export async function onlyPieces(path: string): Promise<SealiftError | undefined> {
  if (await exists(partName(path, 1))) return withoutIndex(path, partName(path, 1))
  for (const ending of firstEndings)
    for (const prefix of [`${path}.`, `${path}-`, path])
      if (await exists(prefix + ending)) return pieces(prefix, prefix + ending, ending.length)
  return undefined
}

/**
 * What a failure to read a file as a bundle means where it is only a piece of one, as a part without its index and what
 * split(1) made are. A failure for another reason stays as it is.
 */
export async function ofPiece(failure: unknown, path: string): Promise<unknown> {
  const codes = ['BUNDLE_FORMAT', 'BUNDLE_ENTRY', 'BUNDLE_TRUNCATED']
  if (!(failure instanceof SealiftError && codes.includes(failure.code))) return failure
  const bundle = bundleOfPart(path)
  if (bundle !== undefined && !path.endsWith('.json')) return withoutIndex(bundle, path, failure)
  // three letters where there is a first piece with three
  for (const length of [3, 2]) {
    const [prefix, ending] = [path.slice(0, -length), path.slice(-length)]
    if (!/^([a-z]+|[0-9]+)$/.test(ending)) continue
    const first = (/[0-9]/.test(ending) ? '0' : 'a').repeat(length)
    if (length === 3 && !(await exists(prefix + first))) continue
    for (const beside of besides(ending))
      if (await exists(prefix + beside)) return pieces(prefix, path, length, failure)
  }
  return failure
}

/** The endings before and after one, as split(1) counts. */
function besides(ending: string): string[] {
  const base = /[0-9]/.test(ending) ? 10 : 26
  const digit = (char: string) => (base === 10 ? Number(char) : char.charCodeAt(0) - 97)
  const value = [...ending].reduce((sum, char) => sum * base + digit(char), 0)
  const write = (number: number) =>
    [...number.toString(base).padStart(ending.length, '0')]
      .map((char) => (base === 10 ? char : String.fromCharCode(97 + Number.parseInt(char, 26))))
      .join('')
  return [value - 1, value + 1].filter((one) => one >= 0 && one < base ** ending.length).map(write)
}

const withoutIndex = (bundle: string, part: string, cause?: SealiftError) =>
  new SealiftError('BUNDLE_PARTS', `${partsIndexName(bundle)} is missing`, {
    why: `${part} is there, but nothing says which parts belong to it`,
    fix: `carry ${partsIndexName(bundle)} and ${partsSignatureName(bundle)} over too; or join pieces that another program cut: cat ${bundle}.??? > ${bundle}`,
    cause,
  })

const pieces = (prefix: string, piece: string, length: number, cause?: SealiftError) =>
  new SealiftError('BUNDLE_PARTS', `${piece} is only a piece of a file`, {
    why: 'another one lies beside it, and no parts index says which belong together',
    fix: `join them: cat ${prefix}${'?'.repeat(length)} > ${prefix.replace(/[.-]$/, '')}${/[.-]$/.test(prefix) ? '' : '.bundle'}; sealift bundle split makes parts that need not be joined`,
    cause,
  })
