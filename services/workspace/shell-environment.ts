/** Variables that belong to envagent or its runtime, not to the people in the shell. */
const own =
  /^(PORT|SSH_PORT|IDE_PORT|CODE_SERVER|SFTP_SERVER|LOG_LEVEL|WORKSPACE_ID|TICKET_KEYS|EDITORS_GALLERY|NODE_.*|npm_.*|TMUX.*|STY|COLUMNS|LINES)$/

/** The environment of a login shell: the container's own, without what configures envagent, and what `trust` adds. */
export function shellEnvironment(
  from: NodeJS.ProcessEnv,
  trust: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const environment: Record<string, string> = {}
  for (const [name, value] of Object.entries(from)) {
    if (value !== undefined && !own.test(name)) environment[name] = value
  }
  const home = from.HOME ?? '/home/coder'
  return {
    LANG: 'C.UTF-8',
    ...environment,
    ...trust,
    HOME: home,
    SHELL: '/bin/bash',
    TERM: 'xterm-256color',
    COLORTERM: 'truecolor',
  }
}
