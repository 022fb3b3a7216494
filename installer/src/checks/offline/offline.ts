import type { Release } from '@sealift/bundle-spec/release.ts'
import { complete } from '../../answers/complete.ts'
import type { Draft } from '../../answers/draft.ts'
import type { Fault } from '../../answers/fault.ts'
import { settled } from '../../answers/questions.ts'
import type { CompleteAnswers } from '../../answers/schema.ts'
import { chartValues } from '../../install/chart-values.ts'
import type { InstallContext } from '../../install/context.ts'
import { certificate } from '../certificate.ts'
import { certificateChain } from '../certificate-chain.ts'
import { certificateEnd } from '../certificate-end.ts'
import type { Check } from '../check.ts'
import { assertIgnorable } from '../ignore.ts'
import { license } from '../license.ts'
import { checks } from '../list.ts'
import { authorityFindings } from './certificates.ts'
import { fileFindings } from './files.ts'
import { error, type Finding, failed, warning } from './finding.ts'
import { given } from './given.ts'
import { kubeconfigFindings } from './kubeconfig.ts'
import { keyFindings, openRelease } from './release.ts'

/** What stands for a release that is not known: it decides nothing about images and keys. */
const unknown = { images: [], licenseKeys: [] } as unknown as Release

/**
 * All that can be known of answers without network and cluster: `faults` and what the files say that they name. What is
 * at fault already is not looked at again, so each cause is told once. `whole` hashes the bundle.
 * @param draft with absolute paths
 */
export async function checkOffline(
  draft: Draft,
  faults: readonly Fault[],
  { whole, signal }: { whole: boolean; signal: AbortSignal },
): Promise<{ findings: Finding[]; release?: Release }> {
  const findings: Finding[] = faults.map((fault) => ({ ...fault, level: 'error' }))
  const answers = complete(settled(draft))
  // warnings leave an answer as sound as it was
  const errors = () => findings.filter(({ level }) => level === 'error')
  const now = () => given(answers, errors())

  findings.push(...fileFindings(now()))
  findings.push(...keyFindings(now()))
  const { release, findings: ofBundle } = await openRelease(now(), { whole, signal })
  findings.push(...ofBundle)
  findings.push(...authorityFindings(now()))
  findings.push(...kubeconfigFindings(now()))

  const { answers: sound } = now()
  const context = { answers: sound, bundle: { release } } as unknown as InstallContext
  for (const check of [certificate, certificateChain, certificateEnd])
    if (now().has('/tls', '/host') && now().isSound('/devUrlsHost', '/editorsHost'))
      findings.push(...(await found(check, '/tls/certFile', context)))
  if (release && now().has('/license', '/mode', '/registry'))
    findings.push(...(await found(license, '/license', context)))
  findings.push(
    ...said('/ignore', () => now().has('/ignore') && assertIgnorable(sound.ignore ?? [], checks)),
    ...said(
      '/values',
      () => now().has('/values') && now().isSound(...deciding) && chartValues(sound, release ?? unknown, ownCA(sound)),
    ),
  )
  return { findings, ...(release && { release }) }
}

/** Answers that decide chart values, beside texts that any value may have. */
const deciding = ['/registry', '/host', '/people', '/replicas', '/database', '/proxy']

const ownCA = ({ tls }: CompleteAnswers): boolean => tls === undefined || tls.caFile !== undefined

function said(pointer: string, look: () => unknown): Finding[] {
  try {
    look()
    return []
  } catch (cause) {
    return [failed(pointer, cause)]
  }
}

/** What a check of the installation says of answers and files alone, at the answer that it is about. */
async function found(check: Check, pointer: string, context: InstallContext): Promise<Finding[]> {
  try {
    const finding = await check.run(context, () => {})
    if (finding.state !== 'failed') return []
    const at = (finding.level ?? check.level) === 'error' ? error : warning
    return [at(pointer, `${finding.found}; needed: ${finding.needed}`, finding.fix)]
  } catch (cause) {
    return [failed(pointer, cause)]
  }
}
