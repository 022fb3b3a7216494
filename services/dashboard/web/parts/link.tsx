import type { AnchorHTMLAttributes, MouseEvent } from 'react'
import { goTo } from '../location.ts'

type Props = AnchorHTMLAttributes<HTMLAnchorElement> & { href: string }

/** A link to another page of the dashboard, which opens without loading it anew. */
export function Link({ href, children, ...rest }: Props) {
  const follow = (event: MouseEvent): void => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey || event.button !== 0) return
    event.preventDefault()
    goTo(href)
  }
  return (
    <a href={href} onClick={follow} {...rest}>
      {children}
    </a>
  )
}
