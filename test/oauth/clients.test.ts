import { once } from "node:events";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { SignedIn } from "../support/console-client.ts";
import { signInPerson } from "../support/console-client.ts";
import { allow, answeredBy, authorize, hostAuth, OAUTH_HOSTS, REDIRECT_URI } from "../support/oauth.ts";
import { HandHost } from "../support/oauth-by-hand.ts";
import { Mailbox } from "../support/people.ts";
import { TRUSTED_CERTIFICATE } from "../support/trusted-certificate.ts";
import { useWorld } from "../support/use-world.ts";

/** How clients become known: by metadata that they serve, by registering themselves, and by their owner in the console. */

const mailbox = new Mailbox();

/** A host that serves the metadata of clients over https. Each path answers as `documents` says. */
let documents: Record<string, { status?: number; location?: string; body: string }> = {};
const asked: string[] = [];
const server = createServer(TRUSTED_CERTIFICATE, (req, res) => {
  asked.push(req.url ?? "");
  const { status = 200, location, body } = documents[req.url ?? ""] ?? { status: 404, body: "" };
  res
    .writeHead(status, { "content-type": "application/json", ...(location !== undefined && { location }) })
    .end(body);
});
let origin = "";
beforeAll(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  origin = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  asked.length = 0;
});

/** Serves a client's metadata. Returns its address, which is the client's id. */
function serveClient(path: string, changes: Record<string, unknown> = {}): string {
  const client = {
    client_id: origin + path,
    client_name: "Host of the tests",
    redirect_uris: [REDIRECT_URI],
  };
  documents = { ...documents, [path]: { body: JSON.stringify({ ...client, ...changes }) } };
  return origin + path;
}

describe("a client that serves its metadata", () => {
  const world = useWorld({ mailer: mailbox });

  test.each(OAUTH_HOSTS)(
    "of %s is known by its host, which vouches for it, and is one agent for everybody",
    async (line, connect) => {
      const metadataUrl = serveClient(`/${encodeURIComponent(line)}.json`);
      const people: SignedIn[] = [];
      for (const _person of [1, 2]) {
        const person = await signInPerson(world.url, mailbox);
        const auth = hostAuth({
          metadataUrl,
          ask: answeredBy(person, (question) => {
            expect(question.agent).toMatchObject({
              name: "Host of the tests",
              owner_domain: new URL(origin).host,
            });
            return allow()(question);
          }),
        });
        const host = await connect(world.url, auth);
        expect((await host.call("flow_status")).isError).toBe(false);
        await host.close();
        people.push(person);
      }
      const agents = await world.db.agent.findMany({
        where: { oauthClientId: metadataUrl },
        include: { grants: true },
      });
      expect(agents).toHaveLength(1);
      expect(agents[0]?.grants.map(({ userId }) => userId).toSorted()).toEqual(
        people.map(({ userId }) => userId).toSorted(),
      );
      expect(await world.db.oauthRecord.count({ where: { model: "Client" } })).toBe(0);
    },
  );

  test.each([
    ["names another id", { client_id: "https://other.example/client.json" }],
    [
      "has a secret that everybody can read",
      { client_secret: "s", token_endpoint_auth_method: "client_secret_post" },
    ],
    ["sends people to an unsafe address", { redirect_uris: ["http://host.example/cb"] }],
    ["is too large", { client_name: "x".repeat(6_000) }],
  ])("that %s is refused", async (_name, changes) => {
    const person = await signInPerson(world.url, mailbox);
    const client_id = serveClient("/bad.json", changes);
    const request = await new HandHost(() => world.url).request({ client_id });
    const page = await person.browser.open(request.pathname + request.search);
    expect([page.status, page.location]).toEqual([400, undefined]);
    expect(await world.db.agent.count({ where: { oauthClientId: client_id } })).toBe(0);
  });

  test("isn't looked for where a redirect leads", async () => {
    const person = await signInPerson(world.url, mailbox);
    serveClient("/target.json");
    documents["/moved.json"] = { status: 302, location: `${origin}/target.json`, body: "" };
    const request = await new HandHost(() => world.url).request({ client_id: `${origin}/moved.json` });
    expect((await person.browser.open(request.pathname + request.search)).status).toBe(400);
    expect(asked).not.toContain("/target.json");
  });
});

describe("in production", () => {
  const world = useWorld({ mailer: mailbox });

  test("metadata at a private address is never asked for", async () => {
    const { url } = await world.startReplica({
      upstreams: { allowPrivate: false, allowedOrigins: [], httpsOnly: true },
    });
    const person = await signInPerson(url, mailbox);
    const { port } = new URL(origin);
    serveClient("/client.json");
    for (const host of [
      "127.0.0.1",
      "localhost",
      "[::1]",
      "[::ffff:127.0.0.1]",
      "0.0.0.0",
      "2130706433",
      "127.1",
    ]) {
      const client_id = `https://${host}:${port}/client.json`;
      const request = await new HandHost(() => url).request({ client_id });
      const page = await person.browser.open(request.pathname + request.search);
      expect(page.status, client_id).toBe(400);
    }
    for (const client_id of [
      "http://169.254.169.254/latest/meta-data",
      "https://10.0.0.1/client.json",
      "file:///etc/passwd",
    ]) {
      const request = await new HandHost(() => url).request({ client_id });
      expect((await person.browser.open(request.pathname + request.search)).status, client_id).toBe(400);
    }
    expect(asked).toEqual([]);
  });
});

describe("a flood of", () => {
  const few = { limit: 3, windowSeconds: 3600, per: "client address" };
  const world = useWorld({
    mailer: mailbox,
    limits: {
      oauthRegistration: { name: "few_registrations", ...few },
      oauthRequest: { name: "few_requests", ...few },
    },
  });

  test("registrations is refused before anything is stored", async () => {
    const host = new HandHost(() => world.url);
    const answers: number[] = [];
    for (let n = 0; n < 6; n += 1) answers.push((await host.register()).status);
    expect(answers).toEqual([201, 201, 201, 429, 429, 429]);
    expect(await world.db.oauthRecord.count({ where: { model: "Client" } })).toBe(3);
  });

  test("requests is refused before anything is stored or fetched", async () => {
    const person = await signInPerson(world.url, mailbox);
    const client_id = serveClient("/flood.json");
    const request = await new HandHost(() => world.url).request({ client_id });
    const answers: number[] = [];
    for (let n = 0; n < 6; n += 1)
      answers.push((await person.browser.open(request.pathname + request.search)).status);
    expect(answers).toEqual([303, 303, 303, 429, 429, 429]);
    expect(await world.db.oauthRecord.count({ where: { model: "Interaction" } })).toBe(3);
  });
});

describe("metadata of a client that registers itself", () => {
  const world = useWorld();

  test("isn't stored if it is larger than a client needs", async () => {
    const host = new HandHost(() => world.url);
    expect(await host.register({ client_name: "n".repeat(40_000) })).toMatchObject({
      status: 400,
      body: { error: "invalid_client_metadata" },
    });
    expect(await world.db.oauthRecord.count()).toBe(0);
    expect((await host.register({ client_name: "n".repeat(100) })).status).toBe(201);
  });
});

describe("a client that an owner made in the console", () => {
  const world = useWorld({ mailer: mailbox });
  const callback = "https://chatgpt.com/aip/g-1/oauth/callback";
  let owner: SignedIn;
  let agent_id: string;
  let secret: string;
  beforeEach(async () => {
    owner = await signInPerson(world.url, mailbox);
    ({ agent_id } = (await owner.user.build.register.mutate({ name: "Weather GPT" })).data);
    const made = await owner.user.build.client.put.mutate({ agent_id, redirect_uris: [callback] });
    secret = made.data.client_secret;
  });

  /** As a GPT does it: without PKCE and without a resource. */
  const request = (): URL => {
    const url = new URL("/oauth/authorize", world.url);
    const fields = {
      response_type: "code",
      client_id: agent_id,
      redirect_uri: callback,
      scope: "agent",
      state: "s-1",
    };
    for (const [name, value] of Object.entries(fields)) url.searchParams.set(name, value);
    return url;
  };
  const codeOf = async (person: SignedIn): Promise<string> =>
    (await authorize(request(), person, allow())).searchParams.get("code") ?? "";
  const exchange = (code: string, client_secret: string | undefined) =>
    new HandHost(() => world.url).token({
      grant_type: "authorization_code",
      ...{ code, redirect_uri: callback, client_id: agent_id },
      ...(client_secret !== undefined && { client_secret }),
    });
  const status = async (token: string, path = "/gpt/user/status"): Promise<number> =>
    (await fetch(world.url + path, { headers: { authorization: `Bearer ${token}` } })).status;

  test("signs people in to the GPT surface, as the agent of its owner", async () => {
    const person = await signInPerson(world.url, mailbox);
    const { body } = await exchange(await codeOf(person), secret);
    expect(await status(body.access_token as string)).toBe(200);
    expect((await new HandHost(() => world.url).call(body.access_token as string)).status).toBe(401);
    const [session] = await world.db.agentSession.findMany({ where: { userId: person.userId } });
    expect(session).toMatchObject({ surface: "gpt", origin: "oauth", agentId: agent_id });
  });

  test("gets nothing with a wrong secret, without one, or with the one before", async () => {
    const person = await signInPerson(world.url, mailbox);
    const code = await codeOf(person);
    for (const wrong of ["tf_oc_wrong", undefined])
      expect(await exchange(code, wrong)).toMatchObject({ status: 401, body: { error: "invalid_client" } });
    await owner.user.build.client.put.mutate({ agent_id, redirect_uris: [callback] });
    expect(await exchange(code, secret)).toMatchObject({ status: 401, body: { error: "invalid_client" } });
  });

  test("is kept without its secret", async () => {
    const [record] = await world.db.oauthRecord.findMany({ where: { model: "Client" } });
    expect(JSON.stringify(record?.payload)).not.toContain(secret);
    expect(JSON.stringify((await owner.user.build.client.get.query({ agent_id })).data)).not.toContain(
      secret,
    );
  });

  test("signs everybody out when its owner removes it", async () => {
    const person = await signInPerson(world.url, mailbox);
    const { body } = await exchange(await codeOf(person), secret);
    expect(await status(body.access_token as string)).toBe(200);
    await owner.user.build.client.remove.mutate({ agent_id });
    expect(await status(body.access_token as string)).toBe(401);
    expect((await owner.user.build.client.get.query({ agent_id })).data.client).toBeNull();
  });

  test("goes with its agent when the owner retires it", async () => {
    const person = await signInPerson(world.url, mailbox);
    const { body } = await exchange(await codeOf(person), secret);
    await owner.user.build.retire.mutate({ agent_id });
    expect(await status(body.access_token as string)).toBe(401);
    expect((await person.browser.open(request().pathname + request().search)).status).toBe(400);
  });

  test("is nobody else's to see, change or remove", async () => {
    const other = await signInPerson(world.url, mailbox);
    await expect(other.user.build.client.get.query({ agent_id })).rejects.toThrow();
    await expect(
      other.user.build.client.put.mutate({ agent_id, redirect_uris: [callback] }),
    ).rejects.toThrow();
    await expect(other.user.build.client.remove.mutate({ agent_id })).rejects.toThrow();
    const person = await signInPerson(world.url, mailbox);
    expect((await exchange(await codeOf(person), secret)).status).toBe(200);
  });

  test.each([
    "http://host.example/cb",
    "https://user:pw@host.example/cb",
    "https://host.example/#x",
    "javascript:alert(1)",
    "callback",
  ])("can't send people to %s", async (uri) => {
    const put = owner.user.build.client.put.mutate({ agent_id, redirect_uris: [callback, uri] });
    await expect(put).rejects.toMatchObject({ data: { field_errors: [{ path: "/redirect_uris/1" }] } });
    const { data } = await owner.user.build.client.get.query({ agent_id });
    expect(data.client?.redirect_uris).toEqual([callback]);
  });
});
