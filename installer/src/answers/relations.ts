import { siteHostsFault } from '@sealift/bundle-spec/site-hosts.ts'
import { answerAt, type Draft } from './draft.ts'
import type { Said } from './formats/said.ts'

/** What does not go together in answers, at the field that has to change. */
export function relationFaults(draft: Draft): (Said & { pointer: string })[] {
  const text = (pointer: string): string | undefined => {
    const value = answerAt(draft, pointer)
    return typeof value === 'string' ? value : undefined
  }
  const faults: (Said & { pointer: string })[] = []
  const [bundle, release, kind] = [answerAt(draft, '/bundle'), answerAt(draft, '/release'), text('/registry/kind')]
  if (bundle === undefined && release === undefined)
    faults.push({
      pointer: '/bundle',
      message: 'it is missing',
      fix: 'name the bundle file, or as release one that a registry has',
    })
  if (bundle !== undefined && release !== undefined)
    faults.push({
      pointer: '/release',
      message: 'a bundle file is named too, and a release comes from one place',
      fix: 'remove one of the two',
    })
  if (bundle === undefined && release !== undefined && (kind === 'serve' || kind === 'seed'))
    faults.push({
      pointer: '/registry/kind',
      message: `it cannot be ${kind}: that takes a bundle file, and the release is in a registry`,
      fix: 'existing: the nodes pull from where the release is, or from another registry that has its images',
    })
  if (text('/mode') === 'airgapped' && answerAt(draft, '/outside') !== undefined)
    faults.push({
      pointer: '/outside',
      message: 'an air-gapped site reaches nothing outside',
      fix: 'leave it out, or answer mode with restricted',
    })
  const [username, passwordFile] = [text('/registry/username'), text('/registry/passwordFile')]
  if ((username === undefined) !== (passwordFile === undefined))
    faults.push({
      pointer: `/registry/${username === undefined ? 'username' : 'passwordFile'}`,
      message: 'it is missing: the user of the registry and the file with the password belong together',
      fix: 'answer both or neither',
    })
  if (
    answerAt(draft, '/database') === true &&
    answerAt(draft, '/database/sslMode') !== 'disable' &&
    answerAt(draft, '/database/caFile') === undefined &&
    answerAt(draft, '/tls') === undefined
  )
    faults.push({
      pointer: '/database/caFile',
      message: "it is missing: nothing else says who signed the certificate of the database's server",
      fix: 'name the CA that signed it; where that is a public one: /etc/ssl/certs/ca-certificates.crt',
    })
  const [host, devUrlsHost, editorsHost] = [text('/host'), text('/devUrlsHost'), text('/editorsHost')]
  if (host === undefined) return faults
  const covers = siteHostsFault({ host, devUrlsHost })
  if (covers !== undefined) faults.push({ pointer: '/devUrlsHost', message: covers })
  const fault = covers ?? siteHostsFault({ host, devUrlsHost, editorsHost })
  if (covers === undefined && fault !== undefined) faults.push({ pointer: '/editorsHost', message: fault })
  return faults
}
