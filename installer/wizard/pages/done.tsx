import { PagePart } from '@sealift/web/parts/page.tsx'
import { useState } from 'react'
import { answerAt } from '../../src/answers/draft.ts'
import { authorityCommand, passwordCommand } from '../../src/wizard/first-login.ts'
import { answersPath, reportPaths } from '../api.ts'
import { Command } from '../parts/command.tsx'
import { KeepServing } from '../parts/keep-serving.tsx'
import { LogDrawer } from '../parts/log-drawer.tsx'
import { StageList } from '../parts/stage-list.tsx'
import { useSession } from '../session/session.ts'

/** Where the platform is, how one logs in for the first time, and what to do next. */
export function DonePage() {
  const { view, draft, steers, attempt, close } = useSession()
  const { result, stages, log, checks } = view
  const [open, setOpen] = useState(false)
  if (result === undefined) return null
  const { url, version } = result
  const host = String(answerAt(draft, '/host') ?? '')
  const devUrls = answerAt(draft, '/devUrlsHost')
  const ownCa = answerAt(draft, '/tls') !== true
  return (
    <>
      <p className="installed">
        Version {version} runs at <a href={url}>{url}</a>
      </p>
      <PagePart title="The first login">
        <p>
          The first user is <strong>admin</strong>. This command, on the machine that runs sealift, shows the password:
        </p>
        <Command text={passwordCommand(result)} name="the command that shows the password" />
      </PagePart>
      <PagePart title="What to do next">
        <ol className="next">
          <li>
            Let the site’s DNS lead {host}
            {devUrls !== undefined && <> and *.{String(devUrls)}</>} to the platform, if it does not yet.
          </li>
          {ownCa && (
            <li>
              Browsers must trust the new certificate authority (CA). This writes its certificate, which is no secret,
              into a file to hand out:
              <Command text={authorityCommand(result)} name="the command that writes the CA" />
            </li>
          )}
          {answerAt(draft, '/registry/kind') === 'serve' && (
            <li>
              <KeepServing />
            </li>
          )}
          <li>Log in as admin, change the password, and add the people who will work here.</li>
          <li>
            Keep the answers, the report and the bundle together: the next installation or upgrade starts from them.
            Private keys and passwords that were uploaded here are removed when the wizard closes: keep yours.
          </li>
        </ol>
        <p className="ways">
          <a className="button" href={answersPath} download="answers.yaml">
            Answers
          </a>
          {checks.length > 0 && (
            <>
              <a className="button" href={reportPaths.html} download="sealift-report.html">
                Report to print
              </a>
              <a className="button" href={reportPaths.json} download="sealift-report.json">
                Report as JSON
              </a>
            </>
          )}
        </p>
      </PagePart>
      <details className="fine" open={open} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
        <summary>What was done</summary>
        <StageList stages={stages} />
      </details>
      <LogDrawer lines={log} />
      {steers && (
        <div className="buttons onward">
          <button type="button" className="primary" onClick={() => void attempt(close)}>
            Close the wizard
          </button>
        </div>
      )}
    </>
  )
}
