import { Failure } from '@sealift/web/parts/failure.tsx'
import { Mark } from '@sealift/web/parts/mark.tsx'
import { type ComponentType, useLayoutEffect, useRef } from 'react'
import type { Page } from '../src/wizard/view.ts'
import { ChecksPage } from './pages/checks.tsx'
import { DonePage } from './pages/done.tsx'
import { ProgressPage } from './pages/progress.tsx'
import { QuestionsPage } from './pages/questions.tsx'
import { ReviewPage } from './pages/review.tsx'
import { Invite } from './parts/invite.tsx'
import { Notices } from './parts/notices.tsx'
import { Stepper } from './parts/stepper.tsx'
import { useSession } from './session/session.ts'
import { pageShown, steps } from './steps.ts'

const pages: Partial<Record<Page, ComponentType>> = {
  checks: ChecksPage,
  review: ReviewPage,
  progress: ProgressPage,
  done: DonePage,
}

/** What surrounds every page: name, steps, who steers. A new page has the focus on its heading. */
export function Frame({ error }: { error: unknown }) {
  const { view } = useSession()
  const page = pageShown(view)
  const heading = useRef<HTMLHeadingElement>(null)
  const shown = useRef(page)
  const { title, lead } = steps[page]
  useLayoutEffect(() => {
    document.title = `${title} · Sealift`
    if (shown.current === page) return
    shown.current = page
    heading.current?.focus()
    scrollTo(0, 0)
  }, [page, title])
  const Body = pages[page]
  return (
    <div className="frame">
      <a className="skip" href="#content">
        Skip to content
      </a>
      <header className="bar">
        <Mark name="Sealift" />
        <Invite />
      </header>
      <div className="wizard">
        <Stepper />
        <main id="content" tabIndex={-1}>
          <Notices />
          <h1 ref={heading} tabIndex={-1}>
            {title}
          </h1>
          {lead !== '' && <p className="lead">{lead}</p>}
          <Failure error={error} />
          {Body === undefined ? <QuestionsPage key={page} page={page} /> : <Body />}
        </main>
      </div>
    </div>
  )
}
