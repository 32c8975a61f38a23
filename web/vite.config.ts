import { defineConfig } from 'vite'

/** Where the service runs while the console is developed: `npm start`. */
const SERVICE = 'http://127.0.0.1:8003'

export default defineConfig({
  root: import.meta.dirname,
  build: {
    target: 'es2024',
    manifest: true,
    // The policy of the page allows no data addresses and no script within it.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: {
    proxy: Object.fromEntries(
      ['/v1', '/api', '/version', '/readyz', '/docs', '/openapi.json', '/openrtb2'].map((path) => [
        path,
        SERVICE,
      ]),
    ),
  },
})
