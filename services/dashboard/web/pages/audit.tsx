import { Failure } from '@sealift/web/parts/failure.tsx'
import { PageBody } from '@sealift/web/parts/page.tsx'
import { Table } from '@sealift/web/parts/table.tsx'
import { ShowMore } from '../parts/show-more.tsx'
import type { AuditEntry } from '../site-api.ts'
import { useList } from './use-list.ts'

/** Who changed what, when, and from where: newest first, older ones on demand. */
export function AuditPage() {
  const { items: entries, more, error } = useList<AuditEntry>('/api/v0/audit')
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
      <ShowMore more={more} />
    </PageBody>
  )
}
