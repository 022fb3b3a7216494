import { Modal } from '@sealift/web/parts/modal.tsx'
import { useState } from 'react'
import { api } from '../api.ts'
import { useSession } from '../session/session.ts'
import { Command } from './command.tsx'

/** Who is here, and a link that lets one more browser watch. */
export function Invite() {
  const { view, face, attempt, connected } = useSession()
  const [link, setLink] = useState<{ url: string; fingerprint: string }>()
  const others = view.faces.filter(({ id }) => id !== face).length
  return (
    <div className="here">
      {others > 0 && (
        <span className="size">
          {others} {others === 1 ? 'other' : 'others'} here
        </span>
      )}
      <button
        type="button"
        className="quiet"
        aria-disabled={!connected}
        onClick={() => void attempt(async () => setLink(await api.invite()))}
      >
        Invite
      </button>
      {link !== undefined && (
        <Modal title="Open it in another browser" onClose={() => setLink(undefined)}>
          <p>This address works once. Who opens it sees all that you see; they may steer only when nobody else does.</p>
          <Command text={link.url} name="address" />
          <p className="hint">
            The browser will not know the certificate. Its SHA-256 fingerprint must be{' '}
            <code className="fingerprint">{link.fingerprint}</code>
          </p>
          <div className="buttons">
            <button type="button" onClick={() => setLink(undefined)}>
              Close
            </button>
          </div>
        </Modal>
      )}
    </div>
  )
}
