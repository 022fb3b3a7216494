import { SealiftError } from '@sealift/bundle-spec/error.ts'

const units: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 }

/**
 * Reads a duration as people write it: `30m`, `12h`, `7d`.
 * @returns seconds
 * @throws SealiftError USAGE_DURATION
 */
export function parseDuration(text: string, flag: string): number {
  const [, number, unit] = /^(\d{1,6})([smhd])$/.exec(text.trim()) ?? []
  const seconds = Number(number) * (units[unit ?? ''] ?? Number.NaN)
  if (!(seconds > 0))
    throw new SealiftError('USAGE_DURATION', `${flag} ${JSON.stringify(text)} is not a duration`, {
      why: 'a number and one of s, m, h, d',
      fix: `${flag} 12h`,
    })
  return seconds
}
