import reactHooks from "eslint-plugin-react-hooks";
import tseslint from "typescript-eslint";

/** The pure core: no React, no browser, no clock. */
const pureCore = {
  files: ["src/core/**/*.ts", "src/flow/**/*.ts"],
  // What panels reach the canvas by; a React context, and nothing else.
  ignores: ["src/flow/editor.ts"],
  rules: {
    "no-restricted-imports": ["error", { patterns: ["react", "react-dom", "@tanstack/*", "**/ui/*", "**/pages/*", "**/api/*"] }],
    "no-restricted-globals": ["error", "window", "document", "fetch", "WebSocket", "localStorage", "setTimeout", "setInterval"],
    "no-restricted-properties": [
      "error",
      { object: "Date", property: "now", message: "Time is an argument in the core." },
      { object: "Math", property: "random", message: "Randomness is an argument in the core." },
    ],
  },
};

/** The phone's SIP is heavy and has its own types: everybody else asks the line. */
const phoneAlone = {
  files: ["src/**/*.{ts,tsx}"],
  ignores: ["src/phone/**", ...pureCore.files],
  rules: { "no-restricted-imports": ["error", { patterns: ["jssip", "jssip/*"] }] },
};

export default tseslint.config(
  { ignores: ["dist", "node_modules", "public", "src/schema.gen.ts", "eslint.config.js"] },
  ...tseslint.configs.strictTypeChecked,
  ...tseslint.configs.stylisticTypeChecked,
  { languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } } },
  reactHooks.configs.flat["recommended-latest"],
  {
    rules: {
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
      "no-console": "error",
      eqeqeq: "error",
    },
  },
  pureCore,
  phoneAlone,
);
