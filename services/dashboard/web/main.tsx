import { createRoot } from 'react-dom/client'
import { Dashboard } from './dashboard.tsx'
import '@xterm/xterm/css/xterm.css'
import './style/colors.css'
import './style/base.css'
import './style/layout.css'
import './style/parts.css'
import './style/terminal.css'

const root = document.getElementById('root')
if (root !== null) createRoot(root).render(<Dashboard />)
