import { randomUUID } from "node:crypto";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ChangeFeed } from "../../../src/core/account/changes/index.ts";
import { expectRefused, expectSuccess } from "../../support/call.ts";
import type { GrantOfUser } from "../../support/caller.ts";
import type { SignedIn } from "../../support/console-client.ts";
import { signInPerson } from "../../support/console-client.ts";
import type { EventStream } from "../../support/event-stream.ts";
import { kindsOf, lastIdOf, openStream } from "../../support/event-stream.ts";
import { eventually } from "../../support/eventually.ts";
import { Mailbox } from "../../support/people.ts";
import type { ServerProcess } from "../../support/process.ts";
import { fundedEnvironment, startProcess } from "../../support/process.ts";
import { useWorld } from "../../support/use-world.ts";

/** The stream that tells a person's pages what has changed. */

const mailbox = new Mailbox();
const world = useWorld({ mailer: mailbox });

let person: SignedIn;
let grant: GrantOfUser;
beforeEach(async () => {
  person = await signInPerson(world.server.url, mailbox);
  grant = await world.createGrant({ userId: person.userId });
});

/** A stream that has said where the lists are now. */
async function opened(url = world.server.url, input = {}): Promise<EventStream> {
  const stream = await openStream(url, person.headers, input);
  await eventually(() => expect(lastIdOf(stream)).toBeDefined());
  return stream;
}

const streams = async (): Promise<number> =>
  Number(/^tollfree_console_streams (\d+)$/m.exec(await world.server.metrics())?.[1]);

describe("with two server processes on one database", () => {
  let other: ServerProcess;
  beforeAll(async () => {
    const { env } = await fundedEnvironment(world.database.serverUrl, 1_000_000n);
    const [key] = world.server.options.encryptionKeys;
    other = await startProcess({ ...env, DATA_ENCRYPTION_KEY: Buffer.from(key).toString("base64") });
    return () => other.kill();
  });

  test("a change made through one shows in the stream of the other", async () => {
    const stream = await opened(other.url);
    expect(kindsOf(stream)).toEqual([]);
    const { token } = await world.openSession(grant);
    await eventually(() => expect(kindsOf(stream)).toContain("calls"));
    expect(kindsOf(stream)).not.toContain("agents");
    await person.user.agents.stop.mutate({ grant_id: grant.grant_id });
    await eventually(() => expect(kindsOf(stream)).toContain("agents"));
    expectRefused(await world.call("agent.flowStatus", {}, token), 401, "session_revoked");
  });

  test("a stream goes on where it was, at another process", async () => {
    const first = await opened(other.url);
    const lastEventId = lastIdOf(first);
    first.close();
    await person.user.agents.stop.mutate({ grant_id: grant.grant_id });
    const second = await opened(world.server.url, { lastEventId });
    expect(kindsOf(second)).toEqual(["agents"]);
    const third = await openStream(world.server.url, person.headers, { lastEventId: lastIdOf(second) });
    await eventually(() => expect(third.events.map(({ event }) => event)).toContain("connected"));
    await world.openSession(await world.createGrant());
    await world.putGrant(grant);
    await eventually(() => expect(kindsOf(third)).toEqual(["agents"]));
    expect(third.events.filter(({ event }) => event === "message")).toHaveLength(1);
  });
});

test("questions and payments are told as what they are", async () => {
  const stream = await opened();
  const asked = await world.call(
    "agent.auth",
    {
      scopes: { allowed_task_types: [], allowed_data_types: [], allowed_categories: ["weather"] },
      budget_limit_cents: 1,
    },
    (await world.createGrant()).agent_key,
  );
  const { approval_id, user_code } = expectRefused(asked, 403, "consent_required").details as never;
  await person.user.approvals.enter_code.mutate({ approval_id, code: user_code });
  await eventually(() => expect(kindsOf(stream)).toEqual(["questions"]));
  const ready = await world.readyService({ grant });
  expectSuccess(await world.run(ready.token, ready.service));
  await eventually(() =>
    expect(kindsOf(stream)).toEqual(expect.arrayContaining(["payments", "calls", "agents"])),
  );
});

test("what happens to somebody else isn't told", async () => {
  const stream = await opened();
  const other = await signInPerson(world.server.url, mailbox);
  const theirs = await world.createGrant({ userId: other.userId });
  await world.openSession(theirs);
  await other.user.agents.stop.mutate({ grant_id: theirs.grant_id });
  // A change of one's own comes after it, and is the only one.
  await world.putGrant(grant);
  await eventually(() => expect(kindsOf(stream)).toEqual(["agents"]));
});

describe("who may follow", () => {
  test("a stream without a sign-in says so and ends", async () => {
    const stream = await openStream(world.server.url, { "sec-fetch-site": "same-origin" });
    await eventually(() => expect(stream.isOver()).toBe(true));
    expect(JSON.stringify(stream.events)).toContain("unauthorized");
    expect(JSON.stringify(stream.events)).not.toContain("stack");
    expect(kindsOf(stream)).toEqual([]);
  });

  test.each([
    { "sec-fetch-site": "cross-site", origin: "https://evil.example" },
    { "sec-fetch-site": "same-site" },
    { origin: "https://evil.example" },
    {},
  ] as Record<string, string>[])(
    "a page of another origin gets nothing with the person's cookie: %j",
    async (headers) => {
      const stream = await openStream(world.server.url, {
        cookie: person.headers["cookie"] ?? "",
        ...headers,
      });
      await eventually(() => expect(stream.isOver()).toBe(true));
      expect(JSON.stringify(stream.events)).toContain("unauthorized");
      expect(lastIdOf(stream)).toBeUndefined();
    },
  );

  test("a person has eight pages open at most in a process, and those that are closed don't count", async () => {
    const before = await streams();
    const open = await Promise.all(Array.from({ length: 8 }, () => opened()));
    expect(await streams()).toBe(before + 8);
    const ninth = await openStream(world.server.url, person.headers);
    await eventually(() => expect(ninth.isOver()).toBe(true));
    expect(JSON.stringify(ninth.events)).toContain("rate_limited");
    for (const stream of open) stream.close();
    await eventually(async () => expect(await streams()).toBe(before));
    await opened();
  });
});

test("the database is asked while somebody looks, once for all of them, and not at all otherwise", async () => {
  /** A feed, and whom it asked about. */
  const feedWith = (asked: string[][]): ChangeFeed => {
    const { sql, log } = world.deps;
    const run: typeof sql.run = (query) => {
      asked.push(query.values[0] as string[]);
      return sql.run(query);
    };
    return new ChangeFeed({ sql: { ...sql, run }, log }, { everyMs: 20 });
  };
  const asked: string[][] = [];
  const askedMeanwhile: string[][] = [];
  const [feed, meanwhile] = [feedWith(asked), feedWith(askedMeanwhile)];
  const other = await signInPerson(world.server.url, mailbox);
  const [abort, abortMeanwhile] = [new AbortController(), new AbortController()];
  const follow = async (from: ChangeFeed, userId: string, { signal }: AbortController): Promise<void> => {
    const who = { userId, address: "192.0.2.1" };
    for await (const { kinds } of from.follow(who, undefined, signal)) expect(kinds).toEqual([]);
  };
  const both = [follow(feed, person.userId, abort), follow(feed, other.userId, abort)];
  await eventually(() => expect(asked.at(-1)?.toSorted()).toEqual([person.userId, other.userId].toSorted()));
  abort.abort();
  await Promise.all(both);
  expect(feed.streams).toBe(0);
  const before = asked.length;
  // Another feed asks five times meanwhile.
  const looking = follow(meanwhile, other.userId, abortMeanwhile);
  await eventually(() => expect(askedMeanwhile.length).toBeGreaterThanOrEqual(5));
  expect(asked.length).toBeLessThanOrEqual(before + 1);
  abortMeanwhile.abort();
  await Promise.all([looking, feed.close(), meanwhile.close()]);
});

test("one address can't take the streams of all others, with as many accounts as it likes", async () => {
  const feed = new ChangeFeed(world.deps, { everyMs: 20, mostOfAddress: 3, most: 5 });
  const abort = new AbortController();
  const follow = (address: string, { signal } = abort) =>
    feed.follow({ userId: randomUUID(), address }, undefined, signal).next();
  const three = Array.from({ length: 3 }, () => follow("192.0.2.1"));
  await expect(follow("192.0.2.1")).rejects.toMatchObject({ code: "rate_limited" });
  expect(feed.streams).toBe(3);
  const closed = new AbortController();
  const other = follow("192.0.2.2", closed);
  expect(feed.streams).toBe(4);
  closed.abort();
  await other;
  abort.abort();
  await Promise.all(three);
  expect(feed.streams).toBe(0);
  // Those that are closed don't count.
  const again = new AbortController();
  const last = follow("192.0.2.1", again);
  expect(feed.streams).toBe(1);
  again.abort();
  await Promise.all([last, feed.close()]);
});

test("a server that stops doesn't wait for streams, and refuses new ones meanwhile", async () => {
  const replica = await world.startReplica();
  const stream = await opened(replica.url);
  await replica.stop();
  await eventually(() => expect(stream.isOver()).toBe(true));
  expect(JSON.stringify(stream.events)).toContain("service_unavailable");
});
