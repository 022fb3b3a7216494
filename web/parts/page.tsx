import { type ReactNode, useEffect, useId } from 'react'

/** the title that the page came with */
const product = document.title

type Props = { title: string; children: ReactNode /** what can be done here, beside the title */; action?: ReactNode }

/** What a page looks like: its title, also that of the browser's tab, and what can be done. */
export function PageBody({ title, action, children }: Props) {
  const heading = useId()
  useEffect(() => {
    document.title = `${title} · ${product}`
  }, [title])
  return (
    <section aria-labelledby={heading}>
      <div className="title">
        <h1 id={heading}>{title}</h1>
        {action}
      </div>
      {children}
    </section>
  )
}

/** A part of a page with a heading of its own. */
export function PagePart({ title, action, children }: Props) {
  const heading = useId()
  return (
    <section className="part" aria-labelledby={heading}>
      <div className="title">
        <h2 id={heading}>{title}</h2>
        {action}
      </div>
      {children}
    </section>
  )
}
