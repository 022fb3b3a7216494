import { useEffect, useState } from 'react'
import { Failure } from '../parts/failure.tsx'
import { PageBody } from '../parts/page.tsx'
import { Table } from '../parts/table.tsx'
import { type AuditEntry, siteApi } from '../site-api.ts'

/** Who changed what, when, and from where: newest first, older ones on demand. */
export function AuditPage() {
  const [entries, setEntries] = useState<AuditEntry[]>()
  const [next, setNext] = useState<string | null>(null)
  const [error, setError] = useState<unknown>()
  const load = (before?: string): void => {
    siteApi.audit(before).then((page) => {
      setEntries((list) => (before === undefined ? page.entries : [...(list ?? []), ...page.entries]))
      setNext(page.next)
    }, setError)
  }
  useEffect(load, [])

  return (
    <PageBody title="Audit log">
      <Failure error={error} />
      {entries !== undefined && (
        <Table columns={['When (UTC)', 'Who', 'What', 'On', 'From']}>
          {entries.map((entry) => (
            <tr key={entry.id}>
              <td className="size">{entry.at.slice(0, 19).replace('T', ' ')}</td>
              <th scope="row">{entry.actorName ?? 'the platform'}</th>
              <td>{entry.action}</td>
              <td>{entry.targetName ?? entry.targetId ?? entry.targetType}</td>
              <td className="size">{entry.address ?? ''}</td>
            </tr>
          ))}
        </Table>
      )}
      {next !== null && (
        <div className="buttons">
          <button type="button" onClick={() => load(next)}>
            Older
          </button>
        </div>
      )}
    </PageBody>
  )
}
