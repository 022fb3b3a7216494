import type { CheckResult } from './check.ts'
import { type CheckReport, type Group, grouped, summary } from './report.ts'

const headings: Record<Group, string> = {
  failed: 'Failed: the installation would not succeed',
  warnings: 'Warnings: it works, until something else happens too',
  ignored: 'Ignored: failed, and accepted in the answers',
  skipped: 'Not tried',
  passed: 'Passed',
}

/** The report as a page to print, for a change request: one file, no script, nothing from elsewhere. */
export function reportPage(report: CheckReport): string {
  const { at, by, sealift, release, site, ms } = report
  const title = `Checks before the installation of ${release.name} ${release.version} at ${site.host}`
  const facts: [string, string | undefined][] = [
    ['Result', summary(report)],
    ['Release', `${release.name} ${release.version}`],
    ['Host', site.host],
    ['Cluster', site.server],
    ['Namespace', site.namespace],
    ['Registry', site.registry],
    ['Mode', site.mode],
    ['Checked at', `${at} in ${(ms / 1000).toFixed(1)} s`],
    ['Checked by', by],
    ['Checked with', `sealift ${sealift}`],
  ]
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escaped(title)}</title>
<style>${style}</style>
</head>
<body>
<h1>${escaped(title)}</h1>
<dl>
${facts.map(([name, value]) => (value === undefined ? '' : `<dt>${name}</dt><dd>${escaped(value)}</dd>`)).join('\n')}
</dl>
${grouped(report)
  .map(
    ({ group, checks }) => `<h2 class="${group}">${headings[group]} (${checks.length})</h2>\n${table(group, checks)}`,
  )
  .join('\n')}
</body>
</html>
`
}

function table(group: Group, checks: readonly CheckResult[]): string {
  const brief = group === 'passed' || group === 'skipped'
  const heads = brief ? ['Check', 'Found'] : ['Check', 'Found', 'Needed', 'Why', 'What helps']
  const rows = checks.map((check) => {
    const { id, title, found = '', needed = '', why, fix = '', code, strict, protects } = check
    const name = `${escaped(title)}<br><code>${id}</code>${brief || !code ? '' : ` <code>${code}</code>`}${!brief && strict ? ' strict' : ''}`
    const cells = brief
      ? [name, escaped(found)]
      : [name, escaped(found), escaped(needed), `${escaped(why)} (stage ${protects})`, `<code>${escaped(fix)}</code>`]
    return `<tr>${cells.map((cell, i) => (i === 0 ? `<th scope="row">${cell}</th>` : `<td>${cell}</td>`)).join('')}</tr>`
  })
  return `<table class="${brief ? 'brief' : 'long'}">
<thead><tr>${heads.map((head) => `<th scope="col">${head}</th>`).join('')}</tr></thead>
<tbody>
${rows.join('\n')}
</tbody>
</table>`
}

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => entities[character] as string)

const style = `
:root { color-scheme: light; font: 11pt/1.4 system-ui, sans-serif; color: #111; background: #fff }
body { max-width: 72rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.5rem } h2 { font-size: 1.15rem; margin-top: 2rem; break-after: avoid }
h2.failed { color: #a00000 } h2.warnings, h2.ignored { color: #7a4d00 } h2.passed { color: #0a5c22 }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem } dt { font-weight: 600 } dd { margin: 0 }
table { border-collapse: collapse; width: 100%; table-layout: fixed }
th, td { border: 1px solid #999; padding: .3rem .5rem; text-align: left; vertical-align: top; overflow-wrap: anywhere }
th { font-weight: 600 } tbody th { font-weight: normal } thead { background: #eee } tr { break-inside: avoid }
.brief th:first-child { width: 40% } code { font: .85em/1.3 ui-monospace, monospace }
@page { margin: 15mm }
@media print { body { margin: 0; max-width: none; padding: 0 } }
`
