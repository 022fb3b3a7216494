import { type ErrorCode, SealiftError } from '@sealift/bundle-spec/error.ts'

const ask = 'ask who runs the registry, or what stands before it; or install from the bundle file'

/** What a failure to read content means where the content is in a registry: nobody carried a file. */
const meanings: Partial<Record<ErrorCode, [code: ErrorCode, what: (path: string) => string, fix: string]>> = {
  REGISTRY_NOT_FOUND: [
    'REGISTRY_INCOMPLETE',
    (path) => `the registry does not have all of ${path}`,
    'whoever fills this registry puts it there: sealift seed BUNDLE --to REGISTRY',
  ],
  REGISTRY_CONTENT: ['REGISTRY_CONTENT', (path) => `the registry sends other content than that of ${path}`, ask],
  BUNDLE_SIGNATURE: ['BUNDLE_SIGNATURE', (path) => `the signature of ${path} does not hold`, ask],
  BUNDLE_UNTRUSTED: [
    'BUNDLE_UNTRUSTED',
    (path) => `${path} is signed by a key that is not trusted here`,
    'get the public key of the vendor by another way than the registry, then name it under trust, or: --trust vendor.pub',
  ],
}

/** Says of a failure what it means for the release `path`, and what helps. */
export function explainedFault(error: unknown, path: string): unknown {
  if (!(error instanceof SealiftError)) return error
  const { message, why, fix } = error
  const meaning = meanings[error.code]
  if (meaning === undefined)
    return fix === undefined && error.code.startsWith('BUNDLE_')
      ? new SealiftError(error.code, message, { why, fix: ask, cause: error })
      : error
  const [code, what, helps] = meaning
  if (message === what(path)) return error
  const details = error.code === 'REGISTRY_CONTENT' ? [message, why].filter(Boolean).join(': ') : why
  return new SealiftError(code, what(path), { why: details, fix: helps, cause: error })
}
