import type { Allowlist, Declaration, Endpoint } from '@sealift/bundle-spec/allowlist.ts'
import type { ReleaseFacts, SiteFacts } from '../../../../installer/src/allowlist/generate.ts'

const purpose = {
  from: ['pods'] as Endpoint['from'],
  phases: ['run'] as Endpoint['phases'],
  required: true,
  why: 'People log in with the accounts of their organization.',
  without: 'Nobody logs in but with a password.',
  since: '0.1.0',
}

/** A declaration with these of its fields. */
export const declaration = (fields: Partial<Declaration> & { id: string }): Declaration => ({ ...purpose, ...fields })

/** An entry with these of its fields. */
export const endpoint = (fields: Partial<Endpoint> & { id: string }): Endpoint => ({
  ...{ scheme: 'https', host: 'example.com', match: 'exact', port: 443, at: 'outside' },
  ...{ ...purpose, modes: ['connected', 'restricted'] },
  because: { kind: 'feature', name: 'a test' },
  known: { how: 'declared' },
  ...fields,
})

/** A list of these entries. */
export const listOf = (endpoints: Endpoint[], version = '2026113000'): Allowlist => ({
  ...{ apiVersion: 'sealift.dev/v1', kind: 'Allowlist', release: { name: 'cde', version: '1.0.0' } },
  ...{ version, endpoints, changes: [] },
})

/** A release with two images and a chart at one registry. */
export const release = (sealed: Partial<ReleaseFacts['sealed']> = {}, defaults: unknown = {}): ReleaseFacts => ({
  ...{ name: 'cde', version: '1.2.0', defaults },
  pulled: [
    { kind: 'image', name: 'manager', reference: 'registry.vendor.example/cde/manager:1.2.0' },
    { kind: 'image', name: 'postgres', reference: 'postgres:17' },
    { kind: 'chart', name: 'cde', reference: 'registry.vendor.example/cde/charts/cde' },
  ],
  sealed: { version: '2026113000', declared: [], endpoints: [], changes: [], ...sealed },
})

/** A restricted site that pulls from where the release is published. */
export const site = (facts: Partial<SiteFacts> = {}): SiteFacts => ({
  ...{ mode: 'restricted', values: {}, plainHttp: false, exempt: [], outside: [] },
  pulled: release().pulled,
  ...facts,
})
