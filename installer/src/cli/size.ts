import { SealiftError } from '@sealift/bundle-spec/error.ts'

const units: Readonly<Record<string, number>> = {
  '': 1,
  B: 1,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
}

/**
 * Reads a size as people write it: `4GB` (powers of 1000, as media are sold), `4GiB` (powers of 1024), or plain bytes.
 * @returns bytes
 * @throws SealiftError USAGE_PART_SIZE
 */
export function parseSize(text: string, flag: string): number {
  const [, number, unit] = /^([0-9]+(?:\.[0-9]+)?)\s*([A-Za-z]*)$/.exec(text.trim()) ?? []
  const factor = units[unit ?? '-']
  const size = Math.floor(Number(number) * (factor ?? 0))
  if (factor === undefined || !Number.isSafeInteger(size) || size < 1)
    throw new SealiftError('USAGE_PART_SIZE', `${flag} ${JSON.stringify(text)} is not a size`, {
      why: `a number and one of ${Object.keys(units).filter(Boolean).join(', ')}`,
      fix: `${flag} 4GB`,
    })
  return size
}
