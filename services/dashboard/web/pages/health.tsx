import { Badge, type Tone } from '@sealift/web/parts/badge.tsx'
import { Failure, RefusalText } from '@sealift/web/parts/failure.tsx'
import { PageBody } from '@sealift/web/parts/page.tsx'
import { Table } from '@sealift/web/parts/table.tsx'
import type { Refusal } from '@sealift/web/request.ts'
import { type Standing, siteApi } from '../site-api.ts'
import { useLoaded } from './use-loaded.ts'

const words: Record<Standing, [Tone, string]> = {
  ok: ['good', 'Works'],
  warning: ['warn', 'Warning'],
  failing: ['bad', 'Fails'],
}
const summaries: Record<Standing, string> = {
  ok: 'Everything works.',
  warning: 'Everything works, and something needs attention.',
  failing: 'Something does not work.',
}
const parts: Record<string, string> = { 'access-url': 'Access URL', 'client-addresses': 'Client addresses' }

/** Whether a check found something that it tells. */
const told = (found: Partial<Refusal>): found is Refusal => found.code !== undefined && found.message !== undefined

/** What of the platform works and what does not, each failing check with its code and what helps. */
export function HealthPage() {
  const { value, error, reload } = useLoaded(siteApi.health)
  return (
    <PageBody
      title="Health"
      action={
        <button type="button" onClick={reload}>
          Check again
        </button>
      }
    >
      <Failure error={error} />
      {value !== undefined && (
        <>
          <p className="summary" role="status">
            {summaries[value.standing]}
          </p>
          <Table columns={['Part', 'State', 'What is wrong']}>
            {value.checks.map(({ name, standing, ...refusal }) => (
              <tr key={name}>
                <th scope="row">{parts[name] ?? name.charAt(0).toUpperCase() + name.slice(1)}</th>
                <td>
                  <Badge tone={words[standing][0]}>{words[standing][1]}</Badge>
                </td>
                <td>{told(refusal) && <RefusalText of={refusal} />}</td>
              </tr>
            ))}
          </Table>
        </>
      )}
    </PageBody>
  )
}
