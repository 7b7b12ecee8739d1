import { createContext, runInContext } from "node:vm";
import { build } from "esbuild";
import { describe, expect, it } from "vitest";
import type * as Client from "../../src/client/index.ts";
import { clientWorld } from "./world.ts";

const world = clientWorld();

/** What a page has that the client may use. Whatever else it reached for would be undefined here. */
const WEB_GLOBALS = { AbortController, AbortSignal, clearTimeout, crypto, fetch, setTimeout };

/** The client as a bundler makes it for browsers; an import of `node:` anything fails here. */
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

describe("in a browser", () => {
  it("gets the resource with nothing but what the web platform has", async () => {
    const script = await bundle(`export * from "../../src/client/index.ts"`);
    const page = createContext({ ...WEB_GLOBALS });
    const { connect } = runInContext(`${script}; tollfree`, page) as typeof Client;
    const { service } = await world.sponsored();
    const agent = await connect(world.standing());
    expect((await agent.run(service, { n: 1 })).output).toEqual({ echo: { n: 1 } });
  });

  it("is small, and leaves out what isn't used", async () => {
    const all = await bundle(`export * from "../../src/client/index.ts"`);
    const some = await bundle(`export { createApi } from "../../src/client/index.ts"`);
    const none = await bundle(`import "../../src/client/index.ts"`);
    expect(all.length).toBeLessThan(20_000);
    expect(some.length).toBeLessThan(all.length / 2);
    expect(none.length).toBeLessThan(100);
  });
});
