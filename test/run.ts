import { glob } from 'node:fs/promises'
import { run as runTests } from 'node:test'
import { spec } from 'node:test/reporters'
import { checks } from './checks.ts'
import { type Count, runCommand } from './command.ts'
import { type Suite, suites } from './suites.ts'

/**
 * `npm test`: checks (types, lint, arrows between rooms), then every suite, each with its counts; the last line is
 * `N passed, N failed` with `, N skipped` where something was left out. Arguments that name suites run only those; others
 * choose files of them by a part of their path.
 */
const known = [...checks.map((check) => check.name), ...suites.map((suite) => suite.name)]
const wanted = process.argv.slice(2).filter((name) => known.includes(name))
const parts = process.argv.slice(2).filter((name) => !known.includes(name))
if (parts.length > 0 && wanted.length === 0) {
  console.error(`name a suite first: ${known.join(', ')}`)
  process.exit(2)
}
const chosen = (name: string) => wanted.length === 0 || wanted.includes(name)
const totals: { name: string; count: Count; seconds: number; note?: string }[] = []

for (const check of checks.filter(({ name }) => chosen(name))) {
  const start = performance.now()
  const failed = (await runCommand(check.command)) ? 0 : 1
  totals.push({
    name: check.name,
    count: { passed: 1 - failed, failed, skipped: 0 },
    seconds: (performance.now() - start) / 1000,
  })
}

for (const suite of suites.filter(({ name }) => chosen(name))) {
  console.log(`\n── ${suite.name}`)
  const start = performance.now()
  const obstacle = await suite.prepare?.()
  if (obstacle !== undefined) {
    // on a developer's machine a suite may not be able to run; in CI everything must
    const count = process.env.CI ? { passed: 0, failed: 1, skipped: 0 } : { passed: 0, failed: 0, skipped: 1 }
    totals.push({ name: suite.name, count, seconds: 0, note: obstacle })
    console.log(`not run: ${obstacle}`)
    continue
  }
  const count = await runFiles(suite).finally(() => suite.finish?.())
  totals.push({ name: suite.name, count, seconds: (performance.now() - start) / 1000 })
}

console.log('\n── summary')
for (const { name, count, seconds, note } of totals)
  console.log(
    `${name.padEnd(12)} ${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped  (${seconds.toFixed(1)} s)${note ? `  ${note}` : ''}`,
  )
const sum = (field: keyof Count) => totals.reduce((total, { count }) => total + count[field], 0)
const skipped = sum('skipped')
console.log(`\n${sum('passed')} passed, ${sum('failed')} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
process.exit(sum('failed') > 0 || sum('passed') === 0 ? 1 : 0)

async function runFiles({ files: patterns, concurrency, timeout, longest = [] }: Suite): Promise<Count> {
  const count = { passed: 0, failed: 0, skipped: 0 }
  const all = await Array.fromAsync(glob(patterns))
  const asked = all.filter((file) => parts.length === 0 || parts.some((part) => file.includes(part))).sort()
  const isLong = (file: string) => longest.some((part) => file.includes(part))
  const files = [...asked.filter(isLong), ...asked.filter((file) => !isLong(file))]
  if (files.length === 0) console.log(`no file of this suite has ${parts.join(' or ')} in its path`)
  // a file whose process does not end must not hold the run for ever
  const signal = AbortSignal.timeout(60 * 60_000)
  const stream = runTests({ files, concurrency, timeout, signal, isolation: 'process' })
  stream.on('test:pass', (event) => {
    // the tests of a suite that is skipped are not even begun
    if (event.skip !== undefined || event.todo !== undefined) count.skipped++
    else if (event.details.type !== 'suite') count.passed++
  })
  stream.on('test:fail', (event) => {
    if (event.details.type !== 'suite') count.failed++
  })
  const shown = stream.compose(new spec())
  for await (const text of shown) process.stdout.write(text)
  return count
}
