import type { Allowlist } from '@sealift/bundle-spec/allowlist.ts'
import { generateAllowlist } from '../../allowlist/generate.ts'
import { siteFacts } from '../../allowlist/site-facts.ts'
import { readAnswers } from '../../answers/read.ts'
import { listSource } from './source.ts'

/** The list of what a word names, for a site where answers are given. @throws SealiftError as `listSource`, USAGE_ANSWERS */
export async function listOf(
  word: string,
  args: Parameters<typeof listSource>[1] & { answers?: string | undefined },
): Promise<Allowlist> {
  const found = await listSource(word, args)
  if ('list' in found) return found.list
  const { facts, release } = found
  const site = args.answers === undefined ? undefined : siteFacts(readAnswers(args.answers), release, facts.defaults)
  return generateAllowlist(facts, site).list
}
