import type { ReactNode } from 'react'
import { Form } from './form.tsx'
import { Modal } from './modal.tsx'

type Props = {
  title: string
  submit: string
  onConfirm: () => Promise<unknown>
  onClose: () => void
  children: ReactNode
}

/** Asks before something that cannot be taken back. */
export function Confirm({ title, submit, onConfirm, onClose, children }: Props) {
  return (
    <Modal title={title} onClose={onClose}>
      <Form onSubmit={() => onConfirm().then(onClose)} submit={submit} look="primary danger" onCancel={onClose}>
        {children}
      </Form>
    </Modal>
  )
}
