import { createContext, runInContext } from "node:vm";
import { build } from "esbuild";
import { describe, expect, test } from "vitest";
import type * as Client from "../../src/client/index.ts";
import { useClientWorld } from "./use-client-world.ts";

const world = useClientWorld();

/** The globals of a web page that the client may use. Every other global is undefined in the test. */
const WEB_GLOBALS = { AbortController, AbortSignal, clearTimeout, crypto, fetch, setTimeout };

/** Bundles a module for browsers. @throws Error if it imports a `node:` module */
async function bundle(contents: string): Promise<string> {
  const result = await build({
    stdin: { contents, resolveDir: import.meta.dirname, loader: "ts" },
    bundle: true,
    platform: "browser",
    format: "iife",
    globalName: "tollfree",
    target: "es2022",
    minify: true,
    write: false,
    logLevel: "error",
  });
  return result.outputFiles[0]?.text ?? "";
}

describe("the client in a browser", () => {
  test("the client runs a service with only the globals of a web page", async () => {
    const script = await bundle(`export * from "../../src/client/index.ts"`);
    const page = createContext({ ...WEB_GLOBALS });
    const { connect } = runInContext(`${script}; tollfree`, page) as typeof Client;
    const { service } = await world.sponsorService();
    const agent = await connect(world.connectOptions());
    expect((await agent.run(service, { n: 1 })).output).toEqual({ echo: { n: 1 } });
  });

  test("a bundle of the client stays under 20 kB, and leaves out unused exports", async () => {
    const all = await bundle(`export * from "../../src/client/index.ts"`);
    const some = await bundle(`export { createApi } from "../../src/client/index.ts"`);
    const none = await bundle(`import "../../src/client/index.ts"`);
    expect(all.length).toBeLessThan(20_000);
    expect(some.length).toBeLessThan(all.length / 2);
    expect(none.length).toBeLessThan(100);
  });
});
