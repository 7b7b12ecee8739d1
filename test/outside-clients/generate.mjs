// Generates a client from each document with each generator, and compiles it. Run by `npm run clients`, with the
// Node of this folder: most generators need a newer one than the project.
import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import SwaggerParser from "@apidevtools/swagger-parser";

const HERE = import.meta.dirname;
const OUT = path.resolve(HERE, "../../.cache/generators");
const DOCUMENTS = ["openapi", "gpt"];

/** Runs a package's program in this folder. @throws Error with its output */
function run(program, ...args) {
  try {
    execFileSync(process.execPath, [path.join(HERE, "node_modules", program), ...args], {
      cwd: HERE,
      stdio: "pipe",
      env: { ...process.env, NO_COLOR: "1", DO_NOT_TRACK: "1" },
    });
  } catch (error) {
    throw new Error(`${program} failed:\n${error.stdout}\n${error.stderr}`, { cause: error });
  }
}

/** Each writes TypeScript into a folder. */
const GENERATORS = {
  "openapi-typescript": (document, out) =>
    run("openapi-typescript/bin/cli.js", document, "-o", path.join(out, "schema.d.ts")),
  "hey-api": (document, out) =>
    run("@hey-api/openapi-ts/bin/run.js", "-i", document, "-o", out, "-c", "@hey-api/client-fetch"),
  orval(document, out) {
    const config = path.join(out, "orval.config.mjs");
    const output = { target: path.join(out, "client.ts"), client: "fetch" };
    writeFileSync(config, `export default ${JSON.stringify({ api: { input: document, output } })};\n`);
    run("orval/dist/bin/orval.mjs", "--config", config);
  },
  "swagger-typescript-api": (document, out) =>
    run("swagger-typescript-api/dist/cli.mjs", "generate", "-p", document, "-o", out, "-n", "client.ts"),
  oazapfts: (document, out) => run("oazapfts/dist/cli.js", document, path.join(out, "client.ts")),
  kubb(document, out) {
    const config = path.join(HERE, "kubb.config.mjs");
    writeFileSync(
      config,
      `import { defineConfig } from "@kubb/core";
import { pluginOas } from "@kubb/plugin-oas";
import { pluginTs } from "@kubb/plugin-ts";
import { pluginClient } from "@kubb/plugin-client";
export default defineConfig({
  root: ${JSON.stringify(HERE)},
  input: { path: ${JSON.stringify(document)} },
  output: { path: ${JSON.stringify(out)}, extension: { ".ts": ".js" } },
  plugins: [pluginOas({ validate: true }), pluginTs(), pluginClient({ client: "fetch" })],
});
`,
    );
    run("@kubb/cli/bin/kubb.cjs", "generate", "--config", config);
    rmSync(config);
  },
};

const TSCONFIG = {
  compilerOptions: {
    ...{
      strict: true,
      noEmit: true,
      skipLibCheck: true,
      target: "ES2022",
      lib: ["ES2022", "DOM", "DOM.Iterable"],
    },
    ...{ module: "ESNext", moduleResolution: "Bundler", types: [] },
  },
  include: ["**/*.ts"],
};

rmSync(OUT, { recursive: true, force: true });
mkdirSync(OUT, { recursive: true });
// What is generated imports some of the packages.
symlinkSync(path.join(HERE, "node_modules"), path.join(OUT, "node_modules"));
for (const name of DOCUMENTS) {
  const document = path.resolve(HERE, "../../openapi", `${name}.json`);
  await SwaggerParser.validate(document);
  console.log(`ok  ${name}  swagger-parser`);
  for (const [generator, generate] of Object.entries(GENERATORS)) {
    const out = path.join(OUT, `${name}-${generator}`);
    mkdirSync(out, { recursive: true });
    generate(document, out);
    writeFileSync(path.join(out, "tsconfig.json"), JSON.stringify(TSCONFIG));
    run("typescript/bin/tsc", "-p", out);
    console.log(`ok  ${name}  ${generator}: generated and compiled`);
  }
}
