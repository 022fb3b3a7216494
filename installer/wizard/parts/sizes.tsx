import { Table } from '@sealift/web/parts/table.tsx'
import { answerAt } from '../../src/answers/draft.ts'
import { mostPeople, type Part, sizesFor } from '../../src/answers/sizes.ts'
import { useSession } from '../session/session.ts'

const parts: Readonly<Record<Part, string>> = {
  manager: 'Manager (logins, workspaces)',
  envproxy: 'Envproxy (terminals, editors)',
  dashboard: 'Dashboard (web pages)',
  ingress: 'Ingress (the door for all of it)',
}

/** How often each part runs for the people expected, and why; another number that is answered wins. */
export function Sizes() {
  const { draft } = useSession()
  const people = answerAt(draft, '/people')
  if (typeof people !== 'number' || people < 1 || people > mostPeople) return null
  return (
    <Table columns={['Part', 'Runs (pods)', 'Why']}>
      {sizesFor(people).map(({ part, replicas, why }) => {
        const own = answerAt(draft, `/replicas/${part}`)
        return (
          <tr key={part}>
            <th scope="row">{parts[part]}</th>
            <td data-label="Runs">{typeof own === 'number' ? own : replicas}</td>
            <td className="reason">{typeof own === 'number' ? 'you chose it' : why}</td>
          </tr>
        )
      })}
    </Table>
  )
}
