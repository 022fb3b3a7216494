import { recordName, type UpgradeRecord } from '../../../../installer/src/upgrade/record.ts'

/** Where the namespace `site` keeps it. */
export const path = `/api/v1/namespaces/site/configmaps/${recordName}`
const release = (version: string) => ({ name: 'cde', version, digest: `sha256:${version}` })
/** An upgrade that is under way. */
export const record: UpgradeRecord = {
  ...{ apiVersion: 'sealift.dev/v1', kind: 'Upgrade', started: '2026-11-30T01:00:00Z', host: 'pier' },
  from: {
    ...release('1.0.0'),
    revision: 3,
    migrations: ['001_a.sql'],
    postgres: 17,
    answers: 'kind: Answers\n',
    receipt: '{}',
  },
  ...{ to: release('1.1.0'), direction: 'forward', changes: true, writesStopped: false, passed: false },
}
