import { createRoot } from 'react-dom/client'
import { Wizard } from './wizard.tsx'
import '@sealift/web/style/colors.css'
import '@sealift/web/style/base.css'
import '@sealift/web/style/layout.css'
import '@sealift/web/style/parts.css'
import './style/layout.css'
import './style/questions.css'
import './style/checks.css'
import './style/progress.css'

const root = document.getElementById('root')
if (root !== null) createRoot(root).render(<Wizard />)
