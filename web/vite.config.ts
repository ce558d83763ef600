import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

/** Where `npx vite web` asks for everything but the page itself. */
const api = 'http://localhost:8000';
const paths = [
  'search',
  'images',
  'pictures',
  'thumbnails',
  'uploads',
  'facets',
  'stats',
  'health',
];

/**
 * How the page is built, by scripts/build-page.ts. What its content security policy forbids is never
 * made: no script or style within the HTML, and no file as a `data:` address.
 */
export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  publicDir: false,
  appType: 'spa',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: 'dist',
    assetsInlineLimit: 0,
    // The first that know `light-dark()`: rewritten, it would not follow the setting of the page.
    target: ['chrome123', 'edge123', 'firefox128', 'safari17.5'],
    // Every browser that has the rest of what the page uses preloads modules by itself.
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: { proxy: Object.fromEntries(paths.map((path) => [`/${path}`, api])) },
});
