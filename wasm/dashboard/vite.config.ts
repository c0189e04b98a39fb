import { defineConfig } from "vite";

export default defineConfig({
  // Relative, so that the page works under any path of any host.
  base: "./",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    target: "es2022",
    // The page's policy takes no script, worker or WebAssembly from a data: URL.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  worker: { format: "es" },
});
