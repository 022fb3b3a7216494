import type { ITheme } from '@xterm/xterm'

const dark: ITheme = {
  background: '#0d1117',
  foreground: '#d7dde5',
  cursor: '#6ea8fe',
  cursorAccent: '#0d1117',
  selectionBackground: '#2f4a73',
  black: '#39424e',
  red: '#ff7b72',
  green: '#6cc77a',
  yellow: '#e3b341',
  blue: '#79b8ff',
  magenta: '#d2a8ff',
  cyan: '#56d4dd',
  white: '#c9d1d9',
  brightBlack: '#7d8896',
  brightRed: '#ffa198',
  brightGreen: '#85e89d',
  brightYellow: '#f2cc60',
  brightBlue: '#a5d0ff',
  brightMagenta: '#e2c5ff',
  brightCyan: '#8be9f0',
  brightWhite: '#ffffff',
}

const light: ITheme = {
  background: '#ffffff',
  foreground: '#1f2733',
  cursor: '#1f5fd1',
  cursorAccent: '#ffffff',
  selectionBackground: '#c5dafb',
  black: '#24292f',
  red: '#b3261e',
  green: '#1a6b2f',
  yellow: '#7a4d00',
  blue: '#1650b8',
  magenta: '#7b3fb5',
  cyan: '#0f6670',
  white: '#57606a',
  brightBlack: '#5d6773',
  brightRed: '#a3201a',
  brightGreen: '#15602a',
  brightYellow: '#6b4400',
  brightBlue: '#1f5fd1',
  brightMagenta: '#6a35a0',
  brightCyan: '#0b5a63',
  brightWhite: '#1f2733',
}

const preference = matchMedia('(prefers-color-scheme: dark)')

/** The terminal's colors for the system's color scheme. */
export const currentTheme = (): ITheme => (preference.matches ? dark : light)

/** Calls back when the system changes its color scheme; returns how to stop. */
export function onThemeChange(listener: () => void): () => void {
  preference.addEventListener('change', listener)
  return () => preference.removeEventListener('change', listener)
}
