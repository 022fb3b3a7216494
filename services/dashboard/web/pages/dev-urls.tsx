import { Failure } from '@sealift/web/parts/failure.tsx'
import { Choice, Field } from '@sealift/web/parts/field.tsx'
import { Form } from '@sealift/web/parts/form.tsx'
import { PageBody } from '@sealift/web/parts/page.tsx'
import { Table } from '@sealift/web/parts/table.tsx'
import { useCallback } from 'react'
import { api } from '../api.ts'
import { type AccessLevel, type DevUrl, devUrlApi } from '../dev-url-api.ts'
import { useLoaded } from './use-loaded.ts'

const levels = [
  ['private', 'Only me'],
  ['org', 'Members of the organization'],
  ['authed', 'Everyone who is logged in'],
  ['public', 'Everyone, without a login'],
] as const satisfies readonly (readonly [AccessLevel, string])[]

/** The ports of one workspace that have an address of their own: add, share, open, remove. */
export function DevUrlsPage({ workspace }: { workspace: string }) {
  const load = useCallback(
    async () => ({ ...(await devUrlApi.list(workspace)), name: (await api.workspace(workspace)).name }),
    [workspace],
  )
  const { value, error, change, reload } = useLoaded(load)
  return (
    <PageBody title={value === undefined ? 'Dev URLs' : `Dev URLs of ${value.name}`}>
      <Failure error={error} />
      {value?.host === null && (
        <div className="empty">
          <h2>Not set up here</h2>
          <p>This site has no host name for dev URLs. An administrator can set one.</p>
        </div>
      )}
      {value !== undefined && value.devUrls.length > 0 && (
        <Table columns={['Port', 'Address', 'Who may open it']} actions>
          {value.devUrls.map((one) => (
            <DevUrlRow key={one.id} devUrl={one} change={change} />
          ))}
        </Table>
      )}
      {value !== undefined && value.host !== null && (
        <Form
          submit="Add dev URL"
          onSubmit={({ text, number }) =>
            devUrlApi.add({ workspace, port: number('port'), access: text('access') as AccessLevel }).then(reload)
          }
        >
          <Field
            label="Port"
            name="port"
            type="number"
            min={1}
            max={65535}
            required
            hint="Where your server listens in the workspace, on all addresses: 0.0.0.0, not localhost"
          />
          <Choice label="Who may open it" name="access" options={levels} />
        </Form>
      )}
    </PageBody>
  )
}

type RowProps = { devUrl: DevUrl; change: (work: () => Promise<unknown>) => Promise<void> }

function DevUrlRow({ devUrl: { id, port, url, access }, change }: RowProps) {
  return (
    <tr>
      <th scope="row">{port}</th>
      <td>
        {url !== null && (
          <a href={url} target="_blank" rel="noopener noreferrer">
            {url}
          </a>
        )}
      </td>
      <td>
        <select
          aria-label={`Who may open port ${port}`}
          value={access}
          onChange={({ target }) => void change(() => devUrlApi.share(id, target.value as AccessLevel))}
        >
          {levels.map(([level, words]) => (
            <option key={level} value={level}>
              {words}
            </option>
          ))}
        </select>
      </td>
      <td className="actions">
        <button
          type="button"
          className="quiet danger"
          aria-label={`Remove the dev URL of port ${port}`}
          onClick={() => void change(() => devUrlApi.remove(id))}
        >
          Remove
        </button>
      </td>
    </tr>
  )
}
