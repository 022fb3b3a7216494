import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Redactor } from '../../../../installer/src/diagnose/redact.ts'
import { fuzz, type Random } from '../../../hostile/random.ts'
import { givesAway, spellings } from './spellings.ts'

const token = 'bGf0Xk2V9sQw7RtYp1LmNc4dZa8HuE3iOj6KvB5xTyA'

test('known secrets are removed however they are written', () => {
  const secrets = [
    'hunter2hunter2',
    'p"a\\ss&w<o>rd/+?=%',
    'short6',
    'über geheim ß€',
    'a b c d e f',
    token,
    `${token}${token}`,
  ]
  for (const one of secrets)
    for (const { name, write } of spellings) {
      const redactor = new Redactor()
      redactor.learnSecret('password', one)
      const clean = redactor.text(`before ${write(one)} behind`)
      assert.equal(givesAway(clean, one), undefined, `${one} as ${name}: ${clean}`)
      assert.ok(!clean.includes(write(one)), `${one} as ${name}: ${clean}`)
      assert.match(clean, /^before .*behind$/)
    }
})

test('a piece of a long secret gives nothing away, and short ones are no parts of words', () => {
  const redactor = new Redactor()
  redactor.learnSecret('password', token)
  redactor.learnSecret('pin', 'east')
  assert.doesNotMatch(redactor.text(`cut ${token.slice(0, 20)}`), /bGf0/)
  assert.doesNotMatch(redactor.text(`cut ${token.slice(9, 30)} …`), /LmNc/)
  assert.equal(redactor.text('at least east'), 'at least [redacted]')
})

test('a Secret that is a configuration is searched for what is secret in it', () => {
  const docker = {
    auths: {
      'r.example': {
        username: 'puller',
        password: 'pulling-1',
        auth: Buffer.from('puller:pulling-1').toString('base64'),
      },
    },
  }
  const redactor = new Redactor()
  redactor.learnSecret('.dockerconfigjson', JSON.stringify(docker))
  redactor.learnSecret('env', 'export DB_PASSWORD="deep-water"\nHOST=db.example\n')
  redactor.learnSecret('config', 'database:\n  password: still-waters\n  host: db.example\n')
  redactor.learnSecret('url', 'postgres://cde:p%40ssing@db.example/cde')
  redactor.learnSecret('username', 'cde')
  redactor.learnSecret('host', 'db.example')
  redactor.learnSecret('port', '5432')
  for (const gone of ['pulling-1', 'deep-water', 'still-waters', 'p@ssing', 'p%40ssing'])
    assert.doesNotMatch(redactor.text(`it is ${gone} here`), new RegExp(gone))
  const plain = 'cde at db.example:5432 of r.example, puller'
  assert.equal(redactor.text(plain), plain)
})

/** A secret as people and programs make them. */
function drawn(random: Random): string {
  const from = (alphabet: string, length: number) => Array.from({ length }, () => random.of([...alphabet])).join('')
  return random.of([
    () => random.bytes(6 + random.below(40)).toString('base64'),
    () => random.bytes(6 + random.below(40)).toString('hex'),
    () => random.bytes(32).toString('base64url'),
    () => from('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789', 8 + random.below(40)),
    () =>
      from(`abcXYZ0189 "'\\/&<>%+=?#@:;,.!$()[]{}~^äß€\t`, 8 + random.below(30))
        .trim()
        .padEnd(8, 'q'),
    () => random.several(3, 6, () => from('abcdefghijklmnopqrstuvwxyz', 3 + random.below(6))).join(' '),
  ])()
}

const places: readonly ((text: string) => string)[] = [
  (text) => text,
  (text) => `error: could not log in with ${text} at db`,
  (text) => JSON.stringify({ level: 30, msg: `tried ${text}`, at: 1 }),
  (text) => `GET /x/${text}?y=${text}`,
  (text) => `x${text}`,
  (text) => `${text}${text}`,
  (text) => `${'long '.repeat(3000)}${text}`,
]

test('property: a known secret never survives, wherever and however it is written', async () => {
  await fuzz(150, async (random) => {
    const redactor = new Redactor()
    const secrets = random.several(1, 6, () => drawn(random))
    for (const one of secrets) redactor.learnSecret('value', one)
    for (const one of secrets) {
      const { name, write } = random.of(spellings)
      const line = random.of(places)(write(one))
      for (const clean of [redactor.text(line), JSON.stringify(redactor.structure({ data: { note: line } }))])
        assert.equal(givesAway(clean, one.trim()), undefined, `${JSON.stringify(one)} as ${name} in ${line}: ${clean}`)
    }
  })
})
