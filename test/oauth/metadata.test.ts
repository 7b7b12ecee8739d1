import { expect, test } from "vitest";
import { HandHost } from "../support/oauth-by-hand.ts";
import { useWorld } from "../support/use-world.ts";

/** What hosts read before they ask a person: which server signs in, and what it can do. */

const world = useWorld();
const read = async (path: string) => (await world.rest("GET", path)).body as Record<string, unknown>;

test.each([
  ["/.well-known/oauth-protected-resource", "mcp"],
  ["/.well-known/oauth-protected-resource/mcp", "mcp"],
  ["/.well-known/oauth-protected-resource/gpt", "gpt"],
])("%s names the authorization server of %s", async (path, surface) => {
  expect(await read(path)).toMatchObject({
    resource: `${world.url}/${surface}`,
    authorization_servers: [world.url],
    scopes_supported: ["agent", "offline_access"],
    bearer_methods_supported: ["header"],
  });
});

test.each(["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"])(
  "%s names endpoints of this server, PKCE and both ways to be a client",
  async (path) => {
    expect(await read(path)).toMatchObject({
      issuer: world.url,
      authorization_endpoint: `${world.url}/oauth/authorize`,
      token_endpoint: `${world.url}/oauth/token`,
      registration_endpoint: `${world.url}/oauth/register`,
      revocation_endpoint: `${world.url}/oauth/revoke`,
      code_challenge_methods_supported: ["S256"],
      client_id_metadata_document_supported: true,
      authorization_response_iss_parameter_supported: true,
    });
  },
);

test("a call without a credential is answered with the way to one", async () => {
  const answer = await world.rest("POST", "/mcp", { body: { jsonrpc: "2.0", id: 1, method: "tools/list" } });
  expect(answer.status).toBe(401);
  expect(answer.headers.get("www-authenticate")).toBe(
    `Bearer scope="agent offline_access", resource_metadata="${world.url}/.well-known/oauth-protected-resource/mcp"`,
  );
});

test("what isn't served below /oauth is 404 in the envelope", async () => {
  for (const path of [
    "/oauth",
    "/oauth/introspect",
    "/oauth/me",
    "/oauth/par",
    "/oauth/end",
    "/oauth/consent",
  ]) {
    const { status, body } = await world.rest("GET", path);
    expect([status, body.error_code], path).toEqual([404, "not_found"]);
  }
});

test("behind TLS, the cookies of a waiting request are Secure and HttpOnly, and all addresses are the public ones", async () => {
  const { url } = await world.startReplica({ publicBaseUrl: "https://tollfree.example" });
  const metadata = await (await fetch(`${url}/.well-known/oauth-authorization-server`)).json();
  expect(metadata).toMatchObject({ token_endpoint: "https://tollfree.example/oauth/token" });
  const request = await new HandHost(() => url).request({ resource: "https://tollfree.example/mcp" });
  const answer = await fetch(request, { redirect: "manual" });
  expect(answer.headers.get("location")).toMatch(/^\/oauth\/consent\//);
  const cookies = answer.headers.getSetCookie().filter((cookie) => cookie.startsWith("tollfree.oauth_re"));
  // The request and its way back, each with a signature.
  expect(cookies).toHaveLength(4);
  for (const cookie of cookies) expect(cookie).toMatch(/; secure(?=.*; httponly)/i);
});
