import { FitAddon } from '@xterm/addon-fit'
import { Terminal } from '@xterm/xterm'
import { type RefObject, useCallback, useEffect, useRef, useState } from 'react'
import { api } from '../api.ts'
import type { Notice } from '../notices.ts'
import { constructStyles } from './constructed-styles.ts'
import { openShell, type Shell, type ShellState } from './shell-connection.ts'
import { currentTheme, onThemeChange } from './theme.ts'

const encoder = new TextEncoder()

/** A terminal in `place`, joined to the workspace's shell. `connect` joins it again, to the same session if it lives. */
export function useTerminal(workspace: string, place: RefObject<HTMLElement | null>, onLeave: () => void) {
  const [state, setState] = useState<ShellState>({ name: 'connecting' })
  const [notices, setNotices] = useState<Notice[]>([])
  const terminal = useRef<Terminal>(undefined)
  const shell = useRef<Shell>(undefined)
  const session = useRef<string>(undefined)
  const leave = useRef(onLeave)
  leave.current = onLeave

  const connect = useCallback(() => {
    const screen = terminal.current
    if (screen === undefined) return
    shell.current?.close()
    shell.current = openShell({
      ticket: () => api.ticket(workspace),
      session: session.current,
      size: { cols: screen.cols, rows: screen.rows },
      onBytes: (bytes) => screen.write(bytes),
      onSession: (id) => {
        // coming back, the workspace sends its last output again: clear what is on the screen first
        if (session.current !== undefined) screen.reset()
        session.current = id
      },
      onNotices: setNotices,
      onState: (next) => {
        if (next.name === 'ended') session.current = undefined
        if (next.name === 'connected') screen.focus()
        setState(next)
      },
    })
  }, [workspace])

  useEffect(() => {
    const element = place.current
    if (element === null) return
    constructStyles(document)
    const screen = new Terminal({
      fontFamily: 'ui-monospace, "SF Mono", "Cascadia Mono", "DejaVu Sans Mono", Menlo, Consolas, monospace',
      fontSize: 14,
      lineHeight: 1.2,
      cursorBlink: !matchMedia('(prefers-reduced-motion: reduce)').matches,
      scrollback: 5_000,
      minimumContrastRatio: 4.5,
      theme: currentTheme(),
    })
    terminal.current = screen
    const fit = new FitAddon()
    screen.loadAddon(fit)
    screen.open(element)
    fit.fit()
    screen.onData((text) => shell.current?.write(encoder.encode(text)))
    // mouse reports are bytes, not text
    screen.onBinary((text) => shell.current?.write(Uint8Array.from(text, (char) => char.charCodeAt(0))))
    screen.onResize((size) => shell.current?.resize(size))
    screen.attachCustomKeyEventHandler((event) => {
      if (event.key !== 'Escape' || !event.shiftKey) return true
      if (event.type === 'keydown') leave.current()
      return false
    })
    const sizes = new ResizeObserver(() => fit.fit())
    sizes.observe(element)
    const stopTheme = onThemeChange(() => {
      screen.options.theme = currentTheme()
    })
    connect()
    return () => {
      stopTheme()
      sizes.disconnect()
      shell.current?.close()
      screen.dispose()
      terminal.current = undefined
    }
  }, [place, connect])

  return { state, notices, connect }
}
