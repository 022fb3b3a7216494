import { defineCommand } from '../command.ts'

export const answersInit = defineCommand({
  command: 'init',
  describe: 'print an answers file to fill in, with every question explained',
  builder: (yargs) =>
    yargs
      .options({ out: { type: 'string', requiresArg: true, describe: 'file to write it to, which is not there yet' } })
      .example('$0 answers init --out answers.yaml', 'then edit it, and: sealift answers check answers.yaml'),
  handler: async ({ out }) => {
    const { answersTemplate } = await import('../../answers/template.ts')
    if (out === undefined) return void process.stdout.write(answersTemplate())
    const { writeNewFile } = await import('../../stores/new-file.ts')
    await writeNewFile(out, answersTemplate(), 0o644)
    console.log(`written: ${out}; what stands open there has to be answered, then: sealift answers check ${out}`)
  },
})
