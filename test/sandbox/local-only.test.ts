import { request } from "node:http";
import { json } from "node:stream/consumers";
import { beforeAll, describe, expect, test } from "vitest";
import { createIsLocal } from "../../src/http/request/local-request.ts";
import { mountSandboxPage } from "../../src/sandbox/demo-data/page.ts";
import type { SandboxPage } from "../../src/sandbox/demo-data/page.ts";
import { useWorld } from "../support/use-world.ts";

/** `/sandbox` tells keys, so it exists for callers on this machine only. */

const SECRET = "the key of the sandbox's administrator";
const PAGE: SandboxPage = {
  sandbox: {
    ...{ network: "eip155:84532", chainId: 84_532, rpcUrl: "http://127.0.0.1:1", asset: "0x1" },
    ...{ facilitatorUrl: "http://127.0.0.1:2", upstreams: [], accounts: [] },
    treasury: { address: "0x2", privateKey: "0x3" },
    stop: () => Promise.resolve(),
  },
  adminApiKey: SECRET,
  demo: undefined,
};

const world = useWorld({ upstreamFor: "all tests" });
let port: string;
let shown = 0;

beforeAll(async () => {
  const replica = await world.startReplica({
    routes: (app) =>
      mountSandboxPage(app, [], () => {
        shown += 1;
        return PAGE;
      }),
  });
  ({ port } = new URL(replica.url));
});

/** Sends exactly these headers: `fetch` would set some by itself. */
function ask(headers: Record<string, string> = {}, { method = "GET", path = "/sandbox" } = {}) {
  return new Promise<{ status: number | undefined; body: unknown }>((resolve, reject) => {
    const asked = request({ host: "127.0.0.1", port, method, path, headers });
    asked.once("error", reject);
    asked.once("response", (answer) => {
      if (method === "HEAD") resolve({ status: answer.statusCode, body: undefined });
      else json(answer).then((body) => resolve({ status: answer.statusCode, body }), reject);
    });
    asked.end();
  });
}

describe("/sandbox", () => {
  test.each([
    ["with no header of its own", () => ({})],
    ["for localhost", () => ({ host: `localhost:${port}` })],
    ["for another loopback address", () => ({ host: `127.0.0.2:${port}` })],
    ["for IPv6's loopback address", () => ({ host: `[::1]:${port}` })],
    [
      "from a page of the server itself",
      () => ({ host: `localhost:${port}`, origin: `http://localhost:${port}` }),
    ],
  ])("answers a local request %s", async (_what, headers) => {
    expect(await ask(headers())).toMatchObject({ status: 200, body: { admin_api_key: SECRET } });
  });

  const refused: [string, Record<string, string>][] = [
    ["for another host", { host: "tollfree.example" }],
    ["for a name that begins like a local one", { host: "localhost.example" }],
    ["for a name that begins like a local address", { host: "127.0.0.1.nip.io" }],
    ["for this machine's address in a network", { host: "192.168.0.7:3000" }],
    ["from a foreign page", { origin: "https://page.example" }],
    ["from a page without an origin", { origin: "null" }],
    ["from a page of another local server", { origin: "http://localhost:1" }],
    ["from a page behind TLS that ends at a proxy", { host: "localhost", origin: "https://localhost" }],
    // Tunnels that rewrite Host to localhost leave at least one of these.
    ...[
      "X-Forwarded-For",
      "X-Forwarded-Host",
      "X-Forwarded-Proto",
      "X-Forwarded-Server",
      "X-Original-Host",
      "Forwarded",
      "Via",
      "X-Real-IP",
      "X-Client-IP",
      "True-Client-IP",
      "X-Cluster-Client-IP",
      "X-Azure-ClientIP",
      "CF-Connecting-IP",
      "CF-Ray",
      "CDN-Loop",
      "Fly-Client-IP",
      "Ngrok-Auth-User-Email",
      "Tailscale-User-Login",
    ].map((name): [string, Record<string, string>] => [
      `that carries ${name}`,
      { host: "localhost", [name]: "127.0.0.1" },
    ]),
  ];
  test.each(refused)("doesn't exist for a request %s", async (_what, headers) => {
    const before = shown;
    for (const path of ["/sandbox", "/sandbox/", "/SANDBOX", "/sandbox/mail"]) {
      const { status, body } = await ask(headers, { path });
      expect({ path, status, body }).toMatchObject({
        path,
        status: 404,
        body: { error_code: "not_found" },
      });
      expect(JSON.stringify(body)).not.toContain(SECRET);
    }
    expect((await ask(headers, { method: "HEAD" })).status).toBe(404);
    expect(shown).toBe(before);
  });
});

describe("a local request", () => {
  const isLocal = (peer: string | undefined, peers: string[] = []): boolean =>
    createIsLocal(peers)({ socket: { remoteAddress: peer }, headers: { host: "localhost:3000" } });

  test.each(["127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1"])("comes from %s", (peer) => {
    expect(isLocal(peer)).toBe(true);
  });

  test.each(["192.168.0.7", "172.30.57.1", "::ffff:172.30.57.1", "fd00::2", "8.8.8.8", "", undefined])(
    "doesn't come from %s, even with the host localhost",
    (peer) => {
      expect(isLocal(peer)).toBe(false);
    },
  );

  test.each([
    ["172.30.57.1", ["172.30.57.1"]],
    ["::ffff:172.30.57.1", ["172.30.57.1"]],
    ["172.30.57.9", ["10.0.0.1", "172.30.57.0/24"]],
    ["fd00::2", ["fd00::/64"]],
  ])("comes from %s where SANDBOX_PEERS is %s", (peer, peers) => {
    expect(isLocal(peer, peers)).toBe(true);
    expect(isLocal("127.0.0.1", peers)).toBe(true);
    expect(isLocal("172.30.58.1", peers)).toBe(false);
  });
});
