import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { writeDeclarations } from "./declarations.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** The versions of `@trpc/client` whose types fit our router's declaration. */
const TRPC_RANGE = "^11.0.0";

/**
 * Builds the package `tollfree-client` and packs it.
 *
 * @param destination the folder for the tarball
 * @returns the tarball's path
 */
export async function packClient(destination: string): Promise<string> {
  const scratch = mkdtempSync(path.join(tmpdir(), "tollfree-client-"));
  try {
    const folder = path.join(scratch, "package");
    mkdirSync(folder);
    await build({
      entryPoints: [path.join(ROOT, "src/client/index.ts")],
      outfile: path.join(folder, "index.js"),
      bundle: true,
      format: "esm",
      target: "es2022",
      platform: "neutral", // any import of Node or of a package is an error
      logLevel: "error",
    });
    await writeDeclarations(ROOT, path.join(scratch, "declarations"), path.join(folder, "index.d.ts"));
    writeFileSync(path.join(folder, "package.json"), `${JSON.stringify(manifest(), null, 2)}\n`);
    copyFileSync(path.join(ROOT, "LICENSE"), path.join(folder, "LICENSE"));
    copyFileSync(path.join(ROOT, "docs/client.md"), path.join(folder, "README.md"));
    const printed = execFileSync("npm", ["pack", "--json", "--pack-destination", destination], {
      cwd: folder,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    const [packed] = JSON.parse(printed) as { filename: string }[];
    if (packed === undefined) throw new Error("npm pack made no tarball");
    return path.join(destination, packed.filename);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** The package's `package.json`. Version and licence are the server's. */
function manifest(): object {
  const { version, license, engines } = JSON.parse(
    readFileSync(path.join(ROOT, "package.json"), "utf8"),
  ) as Record<string, unknown>;
  return {
    name: "tollfree-client",
    version,
    description: "The typed client of Tollfree: agents get paid APIs at a sponsor's expense.",
    type: "module",
    license,
    engines,
    exports: {
      ".": { types: "./index.d.ts", default: "./index.js" },
      "./package.json": "./package.json",
    },
    types: "./index.d.ts",
    files: ["index.js", "index.d.ts"],
    sideEffects: false,
    peerDependencies: { "@trpc/client": TRPC_RANGE },
    peerDependenciesMeta: { "@trpc/client": { optional: true } },
  };
}
