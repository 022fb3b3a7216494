import assert from 'node:assert/strict'
import { test } from 'node:test'
import { configure, ingress } from './objects.ts'

const good = ingress('good', { 'good.example': { '/': 'a' } })

/** A path that must not reach the configuration, beside an Ingress that must. */
function refusedPath(name: string, path: string): void {
  test(`${name} is left out, the rest is served`, () => {
    const bad = ingress('bad', { 'bad.example': { [path]: 'b', '/fine': 'c' } })
    const { text, reasons } = configure({ ingresses: [bad, good] })
    assert.equal(reasons.length, 1, reasons.join('\n'))
    assert.match(reasons[0] ?? '', /^bad: the path /)
    assert.ok(!text.includes(path.slice(1, 60)) || path === '/' || path.length < 5, 'the path stands in the text')
    assert.match(text, /location "\/fine\/"/)
    assert.match(text, /server_name "good\.example"/)
    assert.doesNotMatch(text, /cde_b_80/)
  })
}

refusedPath('a path with a semicolon', '/x; return 200 pwned')
refusedPath('a path with a line end', '/x\nlocation /y { return 200; }')
refusedPath('a path with a carriage return', '/x\r}')
refusedPath('a path with a variable', '/x$host')
refusedPath('a path with braces', '/x{1,9}')
refusedPath('a path with a closing brace', '/x } server { listen 9999; }')
refusedPath('a path with a quote', '/x" { return 200; } location "/')
refusedPath('a path with a single quote', "/x' y")
refusedPath('a path with a backslash', '/x\\" y')
refusedPath('a path with a NUL', '/x\0y')
refusedPath('a path with a comment', '/x # y')
refusedPath('a path with a space', '/x y')
refusedPath('a path with a percent sign', '/x%20y')
refusedPath('a path with an expression', '/(?i)^x|y')
refusedPath('a path with dot segments', '/x/../etc')
refusedPath('a path with empty elements', '/xx//yy')
refusedPath('a path beyond ASCII', '/größe')
refusedPath('a path of 100 KB', `/${'h'.repeat(100_000)}`)
refusedPath('a path that begins with an operator', '~ ^/(.*)$')

function refusedHost(name: string, host: string): void {
  test(`${name} is left out, the rest is served`, () => {
    const { text, reasons } = configure({ ingresses: [ingress('bad', { [host]: { '/': 'b' } }), good] })
    assert.equal(reasons.length, 1)
    assert.match(reasons[0] ?? '', /^bad: the host is malformed/)
    assert.doesNotMatch(text, /cde_b_80/)
    assert.match(text, /server_name "good\.example"/)
  })
}

refusedHost('a host with a semicolon', 'x.example; return 200')
refusedHost('a host with a line end', 'x.example\ny')
refusedHost('a host that is an expression', '~.*')
refusedHost('a host with a leading dot', '.example')
refusedHost('a host with a wildcard inside', 'a.*.example')
refusedHost('a host with a partial wildcard', 'a*.example')
refusedHost('a bare wildcard', '*')
refusedHost('a host with capitals', 'X.example')
refusedHost('a host with an underscore', 'x_y.example')
refusedHost('an internationalised host that is not punycode', 'bücher.example')
refusedHost('a host of 300 letters', `${'a.'.repeat(150)}x`)
refusedHost('a label of 64 letters', `${'a'.repeat(64)}.example`)
refusedHost('a host with a port', 'x.example:80')

test('an internationalised host as punycode is served', () => {
  const { text, reasons } = configure({ ingresses: [ingress('idn', { 'xn--bcher-kva.example': { '/': 'a' } })] })
  assert.deepEqual(reasons, [])
  assert.match(text, /server_name "xn--bcher-kva\.example"/)
})

test('text of an object that is put into a reason can not break a log line or a terminal', () => {
  const { reasons } = configure({ ingresses: [ingress('bad', { '\u001b[2J\n\u202eevil': { '/': 'a' } })] })
  assert.match(reasons[0] ?? '', /^[\x20-\x7e]+$/)
})

test('an object without a spec, with empty rules or null parts breaks nothing', () => {
  const odd = [
    { metadata: { name: 'x', namespace: 'cde' } },
    { metadata: { name: 'y', namespace: 'cde' }, spec: { rules: [{}] } },
    { metadata: { name: 'z', namespace: 'cde' }, spec: { rules: [{ http: { paths: [] } }] } },
    { metadata: { name: 'w', namespace: 'cde' }, spec: { tls: [{}], rules: [{ host: 'w.example' }] } },
  ]
  const { text } = configure({ ingresses: [...(odd as never[]), good] })
  assert.match(text, /server_name "good\.example"/)
})

test('an Ingress with 5000 paths gets the first 1000, others are not touched', () => {
  const paths = Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`/p${index}`, 'a']))
  const { compiled, reasons } = configure({ ingresses: [ingress('big', { 'big.example': paths }), good] })
  assert.equal(compiled.model.servers.find(({ host }) => host === 'big.example')?.routes.length, 1000)
  assert.deepEqual(reasons, ['big: only the first 1000 paths are served'])
})
