import { Form } from '@sealift/web/parts/form.tsx'
import { PagePart } from '@sealift/web/parts/page.tsx'
import { useId, useState } from 'react'
import { api, type License } from '../api.ts'

/** Uploads a license from a file or from pasted text. */
export function UploadLicense({ onUploaded }: { onUploaded: (license: License) => void }) {
  const [text, setText] = useState('')
  const id = useId()
  const upload = async (): Promise<void> => {
    onUploaded(await api.uploadLicense(text.trim()))
    setText('')
  }
  return (
    <PagePart title="Upload a license">
      <Form submit="Upload" done="The license is stored." onSubmit={upload}>
        <div className="field">
          <label htmlFor={`${id}-file`}>License file</label>
          <input
            id={`${id}-file`}
            type="file"
            onChange={(event) => {
              void event.currentTarget.files?.[0]?.slice(0, 65_536).text().then(setText)
            }}
          />
        </div>
        <div className="field">
          <label htmlFor={`${id}-text`}>or its text</label>
          <textarea
            id={`${id}-text`}
            rows={4}
            required
            maxLength={65_536}
            spellCheck={false}
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
          />
        </div>
      </Form>
    </PagePart>
  )
}
