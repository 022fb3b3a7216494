import { Failure } from '@sealift/web/parts/failure.tsx'
import { Mark } from '@sealift/web/parts/mark.tsx'
import type { ReactNode } from 'react'

/** What a browser sees that is not in the installation's session. */
export function Outside({ error }: { error: unknown }) {
  return (
    <Alone title="You are not signed in to this installation">
      <Failure error={error} />
      <p>
        The address that <code>sealift install</code> prints works once, in the browser that opens it first. The
        installation itself goes on without you, and nothing that was answered is lost.
      </p>
      <p>
        To come in again, run <code>sealift install</code> on the machine once more: it finds the installation and
        prints a new address. Or ask the person who steers it to choose “Invite”.
      </p>
    </Alone>
  )
}

/** After the end: the server of this page is gone. */
export function Closed({ url }: { url: string | undefined }) {
  return (
    <Alone title="The wizard is closed">
      <p>Its port on the machine is closed. You may close this tab.</p>
      {url !== undefined && (
        <p>
          The platform is at <a href={url}>{url}</a>
        </p>
      )}
    </Alone>
  )
}

function Alone({ title, children }: { title: string; children: ReactNode }) {
  return (
    <main className="alone outside">
      <Mark name="Sealift" />
      <h1>{title}</h1>
      {children}
    </main>
  )
}
