// Rules here catch bugs or keep decisions of the architecture; how code looks is Prettier's alone.
import js from "@eslint/js";
import tseslint from "typescript-eslint";

const banned = {
  environment: {
    object: "process",
    property: "env",
    message: "Only src/app/config.ts reads the environment.",
  },
  unsafeSql: ["$queryRawUnsafe", "$executeRawUnsafe"].map((property) => ({
    property,
    message: "Use the tagged template: it sends values as parameters.",
  })),
};

export default tseslint.config(
  {
    ignores: [
      ...[
        "build/",
        "dist/",
        "coverage/",
        "openapi/",
        ".mutants/",
        ".data/",
        ".cache/",
        "src/platform/generated/",
        "vendor/",
      ],
      // They import what is generated for them; a test does, and compiles them.
      ...["examples/openapi-fetch/", "examples/hey-api/"],
    ],
  },
  // A directive that no longer suppresses anything hides the next mistake.
  { linterOptions: { reportUnusedDisableDirectives: "error" } },
  js.configs.recommended,
  tseslint.configs.strictTypeChecked,
  { languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } } },

  {
    files: ["**/*.{ts,tsx}"],
    rules: {
      "@typescript-eslint/consistent-type-imports": ["error", { fixStyle: "separate-type-imports" }],
      "@typescript-eslint/no-import-type-side-effects": "error",
      // `void promise` leaves its failure to nobody, and never even starts a Prisma query: those run when awaited.
      "@typescript-eslint/no-floating-promises": ["error", { ignoreVoid: false }],
      // A new member of a union has to be thought about wherever it is told apart; a written `default` is such a thought.
      "@typescript-eslint/switch-exhaustiveness-check": [
        "error",
        { considerDefaultExhaustiveForUnions: true, requireDefaultForNonUnion: true },
      ],
      // `||` also replaces 0, 0n and "", which are values.
      "@typescript-eslint/prefer-nullish-coalescing": ["error", { ignorePrimitives: { boolean: true } }],
      // A condition is a boolean, or an object that may be absent: 0n, 0 and "" are values, not absence.
      "@typescript-eslint/strict-boolean-expressions": ["error", { allowString: false, allowNumber: false }],
      "@typescript-eslint/return-await": ["error", "error-handling-correctness-only"],
      "@typescript-eslint/no-shadow": "error",
      eqeqeq: "error",
      // Characters in a class that only join others are written as escapes, so they can be told apart.
      "no-misleading-character-class": ["error", { allowEscape: true }],
      "no-console": "error",
      "no-restricted-properties": ["error", banned.environment, ...banned.unsafeSql],
      "no-restricted-imports": [
        "error",
        {
          paths: [
            { name: "node:process", message: "Use the global, so that reading the environment shows." },
          ],
        },
      ],
      "no-restricted-exports": [
        "error",
        { restrictDefaultExports: { direct: true, named: true, defaultFrom: true } },
      ],

      // Numbers, bigints and booleans read well in a template; objects and undefined stay forbidden.
      "@typescript-eslint/restrict-template-expressions": [
        "error",
        { allowNumber: true, allowBoolean: true },
      ],
      // `return next(error)` and `() => log.warn(…)` are clear where nothing is returned.
      "@typescript-eslint/no-confusing-void-expression": "off",
      // Leaving a property out by destructuring it away, and what an underscore says is only there for its place.
      "@typescript-eslint/no-unused-vars": [
        "error",
        { ignoreRestSiblings: true, argsIgnorePattern: "^_", varsIgnorePattern: "^_" },
      ],
      // An `async` method without `await` implements a port, and turns what it throws into a rejection.
      "@typescript-eslint/require-await": "off",
    },
  },

  {
    files: ["src/**/*.{ts,tsx}"],
    rules: {
      // A longer file usually holds two things.
      "max-lines": ["error", 250],
    },
  },
  {
    // Longer for a reason: one schema of all settings; one flow, read top to bottom; one class.
    files: ["src/app/config.ts", "src/core/runs/direct-run/run-directly.ts", "src/sandbox/x402/seller.ts"],
    rules: { "max-lines": ["error", 275] },
  },
  {
    // The core gets what it needs passed in.
    files: ["src/core/**/*.ts"],
    rules: { "no-restricted-globals": ["error", "process"] },
  },

  {
    // The page's policy refuses styles and scripts in the markup, and text that becomes markup.
    files: ["src/web/**/*.tsx"],
    rules: {
      "no-restricted-syntax": [
        "error",
        {
          selector: "JSXAttribute[name.name=/^(style|dangerouslySetInnerHTML)$/]",
          message: "Use a class, or an SVG's attributes.",
        },
        { selector: "JSXOpeningElement[name.name=/^(style|script)$/]", message: "Use a file." },
      ],
    },
  },

  // Who may read the environment, who may print, who may export a default.
  {
    files: ["src/app/config.ts", "prisma.config.ts", "scripts/**", "test/support/**", "examples/**"],
    rules: { "no-restricted-properties": ["error", ...banned.unsafeSql] },
  },
  {
    files: ["src/main.ts", "src/demo/**", "scripts/**", "examples/**", "bench/**"],
    rules: { "no-console": "off" },
  },
  { files: ["**/*.config.ts", "test/support/global-setup.ts"], rules: { "no-restricted-exports": "off" } },

  {
    files: ["test/**/*.ts", "bench/*.bench.ts"],
    rules: {
      // An answer from the wire has no type; a test looks into it, and what isn't there fails the test.
      "@typescript-eslint/no-unsafe-member-access": "off",
      "@typescript-eslint/no-unsafe-assignment": "off",
      "@typescript-eslint/no-unsafe-argument": "off",
      "@typescript-eslint/no-unsafe-return": "off",
      "@typescript-eslint/no-unsafe-call": "off",
      // A test that doesn't run guards nothing.
      "no-restricted-syntax": [
        "error",
        {
          selector: "MemberExpression[property.name=/^(only|skip|skipIf|runIf|todo|fails)$/]",
          message: "Every test runs, and says what holds.",
        },
        { selector: "CallExpression[callee.name=/^[xf](it|test|describe)$/]", message: "Every test runs." },
      ],
    },
  },

  // Plain JavaScript: this file, dependency-cruiser's, and the schema engine. No types to check.
  {
    files: ["**/*.{js,mjs,cjs}"],
    extends: [tseslint.configs.disableTypeChecked],
    languageOptions: {
      globals: {
        console: "readonly",
        process: "readonly",
        module: "writable",
        URL: "readonly",
        fetch: "readonly",
        WebAssembly: "readonly",
      },
    },
  },
);
