// `npm run build:web`: bundles the web console (src/web) into build/web, where the server finds it.
//   --if-needed   only if a source has changed since, or nothing is built yet: before `npm start` and the like
// Files are compressed here, once, so that no server does.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { buildOnce, filesIn, ROOT } from "./build-once.mjs";

const SOURCES = path.join(ROOT, "src/web");
const OUTPUT = path.join(ROOT, "build/web");
const COMPRESSED = /\.(js|css|html|svg)$/;

// Else React is bundled with its checks for developers, which is 50 kB more: started by the tests, it would be "test".
process.env.NODE_ENV = "production";

const [vite, react] = await Promise.all([
  import("vite").catch(() => undefined),
  import("@vitejs/plugin-react").catch(() => undefined),
]);
if (vite === undefined || react === undefined) {
  if (!existsSync(OUTPUT))
    console.error("The web console isn't built: Vite isn't installed. The API runs without it.");
  process.exit(0);
}

await buildOnce({
  output: OUTPUT,
  mark: ".vite/built-from",
  // Types of the server don't change the bundle.
  sources: [
    import.meta.filename,
    ...filesIn(SOURCES),
    path.join(ROOT, "package.json"),
    path.join(ROOT, "package-lock.json"),
  ],
  async build(outDir) {
    await vite.build({
      configFile: false,
      root: SOURCES,
      publicDir: path.join(SOURCES, "public"),
      logLevel: "warn",
      plugins: [react.default()],
      build: {
        outDir,
        emptyOutDir: true,
        target: "baseline-widely-available",
        // Inlined assets would be `data:` addresses, and the polyfill an inline script. The policy refuses both.
        assetsInlineLimit: 0,
        modulePreload: { polyfill: false },
        reportCompressedSize: false,
        manifest: true,
      },
    });
    compress(outDir);
  },
});

function compress(directory) {
  for (const file of filesIn(directory).filter((name) => COMPRESSED.test(name))) {
    const bytes = readFileSync(file);
    writeFileSync(`${file}.gz`, gzipSync(bytes, { level: 9 }));
    const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
    writeFileSync(`${file}.br`, brotliCompressSync(bytes, { params }));
  }
}
