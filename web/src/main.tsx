import './styles/tokens.css'
import './styles/base.css'
import './styles/shell.css'
import './styles/parts.css'
import { QueryClientProvider } from '@tanstack/react-query'
import { setNonce } from 'get-nonce'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { createQueries } from './api/queries.ts'
import { Door } from './shell/door.tsx'
import { ErrorBoundary } from './shell/error-boundary.tsx'
import { applyTheme } from './shell/theme.ts'

// Dialogs keep the page behind them still by a style of their own, which the policy of the page lets through by its nonce.
const nonce = document.querySelector<HTMLMetaElement>('meta[name="style-nonce"]')?.content
if (nonce) setNonce(nonce)
applyTheme()

const root = document.getElementById('console')
if (root)
  createRoot(root).render(
    <StrictMode>
      <ErrorBoundary>
        <QueryClientProvider client={createQueries()}>
          <Door />
        </QueryClientProvider>
      </ErrorBoundary>
    </StrictMode>,
  )
