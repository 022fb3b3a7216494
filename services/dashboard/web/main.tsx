import { createRoot } from 'react-dom/client'
import { Dashboard } from './dashboard.tsx'
import '@xterm/xterm/css/xterm.css'
import '@sealift/web/style/colors.css'
import '@sealift/web/style/base.css'
import '@sealift/web/style/layout.css'
import '@sealift/web/style/parts.css'
import './style/layout.css'
import './style/parts.css'
import './style/terminal.css'

const root = document.getElementById('root')
if (root !== null) createRoot(root).render(<Dashboard />)
