import { describe, expect, test } from "vitest";
import { deleteUnusedClients } from "../../src/core/access/oauth-record/index.ts";
import { signInPerson } from "../support/console-client.ts";
import { allow, authorize, deny, REDIRECT_URI } from "../support/oauth.ts";
import { HandHost } from "../support/oauth-by-hand.ts";
import { Browser, Mailbox } from "../support/people.ts";
import { useWorld } from "../support/use-world.ts";

/** Attacks on a person's consent, and on what their hosts get by it. */

const mailbox = new Mailbox();
const world = useWorld({ mailer: mailbox });
const newHost = (): HandHost => new HandHost(() => world.url);
const newPerson = () => signInPerson(world.url, mailbox);
const grantsOf = (userId: string) => world.db.grant.count({ where: { userId } });

/** Follows a request in a browser up to the page of its question. */
async function openQuestion(browser: Browser, start: URL): Promise<string> {
  let path = start.pathname + start.search;
  for (let hops = 0; hops < 5; hops += 1) {
    const { location } = await browser.open(path);
    if (location === undefined) break;
    const at = new URL(location, world.url);
    path = at.pathname + at.search;
    if (path.startsWith("/approvals/")) return path.split("/").at(-1) ?? "";
  }
  throw new Error(`no question, but ${path}`);
}

const pathOf = (url: URL): string => url.pathname + url.search;

describe("a request that waits for its person", () => {
  test("is answered only in the browser that brought it", async () => {
    const [person, other] = [await newPerson(), await newPerson()];
    const approvalId = await openQuestion(person.browser, await newHost().request());
    const approval = await world.db.approval.findUniqueOrThrow({ where: { id: approvalId } });
    const path = `/oauth/consent/${approval.authorizationId ?? ""}`;
    // Somebody who got the address: signed in, with a request of their own, or with nothing at all.
    expect((await other.browser.open(path)).location).toBe("/connect?ended");
    await openQuestion(other.browser, await newHost().request());
    expect((await other.browser.open(path)).location).toBe("/connect?ended");
    expect((await new Browser(() => world.url).open(path)).location).toBe(
      `/sign-in?to=${encodeURIComponent(path)}`,
    );
    await expect(other.user.approvals.get.query({ approval_id: approvalId })).rejects.toThrow();
  });

  test("isn't won by an answer that another person gave: cookies carried over answer for nobody else", async () => {
    const [victim, attacker] = [await newPerson(), await newPerson()];
    const request = await newHost().request();
    const approvalId = await openQuestion(victim.browser, request);
    const decision = await allow()(await openOf(victim, approvalId));
    await victim.user.approvals.decide.mutate({ approval_id: approvalId, ...decision });
    // The attacker holds the victim's request, with its cookies, and is signed in as themselves.
    for (const [name, value] of victim.browser.cookies)
      if (name.startsWith("tollfree.oauth")) attacker.browser.cookies.set(name, value);
    const approval = await world.db.approval.findUniqueOrThrow({ where: { id: approvalId } });
    const { location = "" } = await attacker.browser.open(`/oauth/consent/${approval.authorizationId ?? ""}`);
    // They get a question of their own, and not the victim's answer.
    expect(location).toMatch(/^\/approvals\//);
    expect(location).not.toContain(approvalId);
    expect(await grantsOf(attacker.userId)).toBe(0);
  });

  test("asks every time: an earlier answer signs nobody in silently", async () => {
    const person = await newPerson();
    const host = newHost();
    await host.signIn(person);
    const again = await person.browser.open(pathOf(await host.request()));
    expect(again.location).toMatch(/^\/oauth\/consent\//);
    const silent = await person.browser.open(pathOf(await host.request({ prompt: "none" })));
    expect(new URL(silent.location ?? "").searchParams.get("error")).toBe("login_required");
  });

  test("of the person before, in a browser in which somebody else has signed in since, answers for who is signed in", async () => {
    const [first, second] = [await newPerson(), await newPerson()];
    const host = newHost();
    await host.signIn(first);
    // The same browser, with all that the authorization server left in it.
    for (const [name, value] of first.browser.cookies)
      if (name.startsWith("tollfree.oauth")) second.browser.cookies.set(name, value);
    await host.signIn(second);
    const grants = await world.db.grant.findMany({ where: { agent: { oauthClientId: host.clientId } } });
    expect(grants.map(({ userId }) => userId).toSorted()).toEqual([first.userId, second.userId].toSorted());
  });

  test("ends the question of the client's request before, so that abandoned ones don't pile up", async () => {
    const [person, other] = [await newPerson(), await newPerson()];
    const host = newHost();
    const ofOther = await openQuestion(other.browser, await host.request());
    const ids: string[] = [];
    for (let n = 0; n < 12; n += 1) ids.push(await openQuestion(person.browser, await host.request()));
    const { data } = await person.user.approvals.list.query();
    expect(data.questions.map(({ approval_id }) => approval_id)).toEqual([ids.at(-1)]);
    expect((await openOf(other, ofOther)).approval_id).toBe(ofOther);
  });

  test("can't be allowed more than it asked for, nor by somebody who was never asked", async () => {
    const person = await newPerson();
    const approvalId = await openQuestion(person.browser, await newHost().request());
    const decision = { ...(await allow({ cents: 1_000_000 })(await openOf(person, approvalId))) };
    await expect(
      person.user.approvals.decide.mutate({ approval_id: approvalId, ...decision }),
    ).rejects.toThrow();
    expect(await grantsOf(person.userId)).toBe(0);
  });
});

const openOf = async (person: Awaited<ReturnType<typeof newPerson>>, approvalId: string) => {
  const { data } = await person.user.approvals.get.query({ approval_id: approvalId });
  if (data.state !== "open") throw new Error(data.state);
  return data.question;
};

describe("a code", () => {
  test("is worth nothing without the verifier, with another one, for another client or another address", async () => {
    const person = await newPerson();
    const [host, thief] = [newHost(), newHost()];
    await thief.request();
    const tries: Record<string, string>[] = [
      { code_verifier: "" },
      { code_verifier: thief.verifier },
      { client_id: thief.clientId },
      { redirect_uri: "http://127.0.0.1:7777/other" },
      { resource: "https://other.example/mcp" },
    ];
    for (const changes of tries) {
      const answer = await host.exchange(await host.code(person), changes);
      expect([answer.status, answer.body.access_token], JSON.stringify(changes)).toEqual([400, undefined]);
    }
    expect((await host.exchange(await host.code(person))).status).toBe(200);
  });

  test("isn't given without PKCE, nor with a plain challenge", async () => {
    const person = await newPerson();
    for (const changes of [
      { code_challenge: undefined, code_challenge_method: undefined },
      { code_challenge_method: "plain" },
    ]) {
      const { location = "" } = await person.browser.open(pathOf(await newHost().request(changes)));
      expect(new URL(location).searchParams.get("error")).toBe("invalid_request");
    }
  });

  test("used twice ends what it gave", async () => {
    const person = await newPerson();
    const host = newHost();
    const code = await host.code(person);
    const { body } = await host.exchange(code);
    expect((await host.exchange(code)).body).toMatchObject({ error: "invalid_grant" });
    expect((await host.call(body.access_token as string)).status).toBe(401);
  });

  test("says which server gave it, so that a host can't mix servers up", async () => {
    const metadata = (await (
      await fetch(`${world.url}/.well-known/oauth-authorization-server`)
    ).json()) as object;
    expect(metadata).toMatchObject({
      authorization_response_iss_parameter_supported: true,
      issuer: world.url,
    });
    const answer = await authorize(await newHost().request(), await newPerson(), deny);
    expect(answer.searchParams.get("iss")).toBe(world.url);
  });
});

describe("an address to be sent back to", () => {
  test("is compared whole: near misses are told on a page of ours, and lead nowhere", async () => {
    const person = await newPerson();
    const host = newHost();
    await host.request();
    for (const redirect_uri of [
      `${REDIRECT_URI}/more`,
      `${REDIRECT_URI}?next=https://evil.example`,
      "http://127.0.0.1.evil.example:7777/callback",
      "http://evil@127.0.0.1:7777/callback",
      "https://evil.example/callback",
      "javascript:alert(1)",
    ]) {
      const page = await person.browser.open(pathOf(await host.request({ redirect_uri })));
      expect([page.status, page.location], redirect_uri).toEqual([400, undefined]);
      expect(page.text).not.toContain("evil");
    }
  });

  test("of the web is https; schemes that run something are refused", async () => {
    for (const uri of [
      "http://host.example/cb",
      "javascript:alert(1)",
      "data:text/html,x",
      "https://host.example/#x",
    ]) {
      const answer = await newHost().register({ redirect_uris: [uri] });
      expect([answer.status, answer.body.error], uri).toEqual([400, "invalid_redirect_uri"]);
    }
    expect(
      (await newHost().register({ redirect_uris: ["cursor://anysphere.cursor-mcp/oauth/callback"] })).status,
    ).toBe(201);
  });

  test("isn't taken by the way of signing in first: only our own page is gone on to", async () => {
    const { text } = await new Browser(() => world.url).open("/sign-in?to=https://evil.example/");
    expect(text).not.toContain("evil.example");
  });
});

describe("a client", () => {
  test("can't claim to be us: its name is replaced, and nobody vouches for it", async () => {
    for (const client_name of [
      "Tollfree",
      "TоIIfree",
      "Toll\u200bfree",
      "x".repeat(300),
      "a\u202egnp.exe",
      undefined,
    ]) {
      const person = await newPerson();
      const host = newHost();
      host.clientId = ((await host.register({ client_name })).body as { client_id: string }).client_id;
      const question = await openOf(person, await openQuestion(person.browser, await host.request()));
      expect(question.agent, String(client_name)).toMatchObject({
        name: "An app without a name",
        owner_domain: null,
      });
    }
  });

  test("that nobody signed in with is deleted after a day, one with people stays", async () => {
    const [used, unused] = [newHost(), newHost()];
    await used.signIn(await newPerson());
    await unused.request();
    const dayAgo = new Date(Date.now() - 25 * 3_600_000);
    await world.db.oauthRecord.updateMany({ where: { model: "Client" }, data: { createdAt: dayAgo } });
    await deleteUnusedClients.count(world.deps.sql, {});
    const left = await world.db.oauthRecord.findMany({ where: { model: "Client" } });
    const ids = left.map(({ payload }) => (payload as { client_id: string }).client_id);
    expect(ids).toContain(used.clientId);
    expect(ids).not.toContain(unused.clientId);
  });

  test("that is unknown is refused on a page, and nothing is stored for it", async () => {
    const person = await newPerson();
    const agents = await world.db.agent.count();
    const page = await person.browser.open(pathOf(await newHost().request({ client_id: "nobody" })));
    expect(page.status).toBe(400);
    expect(await world.db.agent.count()).toBe(agents);
  });

  test("can't ask for tokens of another server's resource", async () => {
    const person = await newPerson();
    const url = await newHost().request({ resource: "https://other.example/mcp" });
    const { location = "" } = await person.browser.open(pathOf(url));
    expect(new URL(location).searchParams.get("error")).toBe("invalid_target");
  });
});

test("the server's documents name its own address, whatever a request says of it", async () => {
  const { default: http } = await import("node:http");
  const { port } = new URL(world.url);
  const text = await new Promise<string>((resolve, reject) => {
    const headers = {
      host: "evil.example",
      "x-forwarded-host": "evil.example",
      "x-forwarded-proto": "https",
    };
    const request = http.get(
      { port, path: "/.well-known/oauth-authorization-server", headers },
      (response) => {
        let body = "";
        response.on("data", (chunk: Buffer) => (body += chunk.toString()));
        response.on("end", () => resolve(body));
      },
    );
    request.on("error", reject);
  });
  expect(text).not.toContain("evil.example");
  expect(JSON.parse(text)).toMatchObject({ token_endpoint: `${world.url}/oauth/token` });
});
