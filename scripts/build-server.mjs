// `npm run build`: bundles our files into dist/server; packages stay in node_modules.
//   --if-needed   only if a source has changed since, or nothing is built yet: before `npm start` and the like
import { existsSync } from "node:fs";
import path from "node:path";
import { buildOnce, filesIn, ROOT } from "./build-once.mjs";

const OUTPUT = path.join(ROOT, "dist/server");
/** The browser's, built by build-web.mjs. */
const CONSOLE = path.join(ROOT, "src/web/");

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
      packages: "external",
      format: "esm",
      platform: "node",
      target: "node20.19",
      logLevel: "warning",
    }),
});
