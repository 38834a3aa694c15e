import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import { formValidators } from "./form-validators.ts";
import { recordSchemas } from "./record-schemas.ts";
import { serviceWorker } from "./service-worker.ts";

// `PBX_NODE` is where `npm run dev` finds a running node; the built site asks its own origin (content/site.json).
const node = process.env["PBX_NODE"] ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [react(), tailwindcss(), recordSchemas(), formValidators(), serviceWorker()],
  build: {
    target: "es2022",
    // The node's Content-Security-Policy allows scripts from its own origin only, so nothing is inlined.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [{ name: "vendor", test: /node_modules[\\/](react|react-dom|scheduler|@tanstack)[\\/]/ }],
        },
      },
    },
  },
  server: {
    proxy: { "/api": { target: node, ws: true } },
  },
});
