import { type ComponentType, lazy } from 'react'

interface PageRoute {
  /** Address of the page; what is below it is the page's own. */
  readonly path: string
  readonly title: string
  readonly Page: ComponentType
}

/** Every page: a folder of `pages`, loaded when it is first gone to. The navigation shows them in this order. */
export const ROUTES: readonly PageRoute[] = [
  { path: '/', title: 'Overview', Page: lazy(() => import('./pages/overview/index.tsx')) },
  { path: '/console/bids', title: 'Bids', Page: lazy(() => import('./pages/bids/index.tsx')) },
  { path: '/console/budgets', title: 'Budgets', Page: lazy(() => import('./pages/budgets/index.tsx')) },
  { path: '/console/platforms', title: 'Platforms', Page: lazy(() => import('./pages/platforms/index.tsx')) },
  { path: '/console/exchanges', title: 'Exchanges', Page: lazy(() => import('./pages/exchanges/index.tsx')) },
  {
    path: '/console/integrations',
    title: 'Integrations',
    Page: lazy(() => import('./pages/integrations/index.tsx')),
  },
  { path: '/console/reports', title: 'Reports', Page: lazy(() => import('./pages/reports/index.tsx')) },
  {
    path: '/console/conversions',
    title: 'Conversions',
    Page: lazy(() => import('./pages/conversions/index.tsx')),
  },
  {
    path: '/console/reconciliation',
    title: 'Reconciliation',
    Page: lazy(() => import('./pages/reconciliation/index.tsx')),
  },
  { path: '/console/settings', title: 'Settings', Page: lazy(() => import('./pages/settings/index.tsx')) },
]
