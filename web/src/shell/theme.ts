import { useState } from 'react'

type Theme = 'light' | 'dark'
const KEY = 'bidwarden.theme'
const dark = window.matchMedia('(prefers-color-scheme: dark)')

/** What the viewer has chosen, or else what the system has. */
function themeNow(): Theme {
  const chosen = localStorage.getItem(KEY)
  return chosen === 'light' || chosen === 'dark' ? chosen : dark.matches ? 'dark' : 'light'
}

export function applyTheme(): void {
  document.documentElement.dataset['theme'] = themeNow()
}

dark.addEventListener('change', applyTheme)

/** The theme, and how to change to the other one. */
export function useTheme(): [Theme, () => void] {
  const [theme, setTheme] = useState(themeNow)
  const change = () => {
    const next = theme === 'dark' ? 'light' : 'dark'
    localStorage.setItem(KEY, next)
    applyTheme()
    setTheme(next)
  }
  return [theme, change]
}
