import { describe, expect, test } from "vitest";
import { balanceOf } from "../support/chain.ts";
import { signInPerson } from "../support/console-client.ts";
import { CONSENT } from "../support/caller.ts";
import type { Host } from "../support/mcp.ts";
import { allow, answeredBy, deny, hostAuth, OAUTH_HOSTS } from "../support/oauth.ts";
import { Mailbox } from "../support/people.ts";
import { useWorld } from "../support/use-world.ts";

/** Hosts that know only the server's address: from a 401 over OAuth to a paid resource, for a person in their browser. */

const mailbox = new Mailbox();
const world = useWorld({ mailer: mailbox });

/** Completes the task, runs the service, and returns the run. */
async function buy(host: Host, { service, campaignId }: { service: string; campaignId: string }) {
  const answers = { campaign_id: campaignId, task_data: { score: 4 }, consent: CONSENT };
  expect(await host.call("complete_task", answers)).toMatchObject({ isError: false });
  return host.call("run_service", { service_key: service, input: { place: "Porto" } });
}

describe.each(OAUTH_HOSTS)("a host of %s", (_name, connect) => {
  test("registers itself, signs its person in, and gets a resource that a sponsor paid for", async () => {
    const person = await signInPerson(world.url, mailbox);
    const offer = await world.offerService();
    const auth = hostAuth({ ask: answeredBy(person) });
    const host = await connect(world.url, auth);
    expect(auth.kept.tokens).toMatchObject({
      access_token: expect.stringMatching(/^tf_oa_/),
      refresh_token: expect.stringMatching(/^tf_or_/),
    });
    const before = await balanceOf(world.upstream.payTo);
    const run = await buy(host, offer);
    expect(run).toMatchObject({ isError: false, structured: { output_written_by: "seller" } });
    expect(await balanceOf(world.upstream.payTo)).toBe(before + 20_000n);
    const [payment] = await world.db.payment.findMany({ where: { userId: person.userId } });
    const session = await world.db.agentSession.findUniqueOrThrow({
      where: { id: payment?.agentSessionId ?? "" },
    });
    expect(session).toMatchObject({ surface: "mcp", origin: "oauth", userId: person.userId });
    await host.close();
  });

  test("gets access_denied if its person says no, and nothing is granted", async () => {
    const person = await signInPerson(world.url, mailbox);
    const auth = hostAuth({ ask: answeredBy(person, deny) });
    await expect(connect(world.url, auth)).rejects.toThrow();
    expect(auth.kept.callback?.searchParams.get("error")).toBe("access_denied");
    expect(auth.kept.tokens).toBeUndefined();
    expect(await world.db.grant.count({ where: { userId: person.userId } })).toBe(0);
  });
});

test("the answer names the server that gives it, and the host's state", async () => {
  const person = await signInPerson(world.url, mailbox);
  const auth = hostAuth({ ask: answeredBy(person) });
  const [, connect] = OAUTH_HOSTS[0] ?? [];
  await (await connect?.(world.url, auth))?.close();
  const { searchParams } = auth.kept.callback as URL;
  expect(searchParams.get("iss")).toBe(world.url);
  expect(searchParams.get("state")).toBe("state-of-the-host");
});

test("a token of one replica is good on the other", async () => {
  const person = await signInPerson(world.url, mailbox);
  const auth = hostAuth({ ask: answeredBy(person) });
  const [, connect] = OAUTH_HOSTS[2] ?? [];
  await (await connect?.(world.url, auth))?.close();
  const replica = await world.startReplica({ publicBaseUrl: world.url });
  const answer = await fetch(`${replica.url}/mcp`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${auth.kept.tokens?.access_token ?? ""}`,
      ...{ "content-type": "application/json", accept: "application/json, text/event-stream" },
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" }),
  });
  expect(answer.status).toBe(200);
});

test("what the person left out, the host asks for in its answers, and never gets by a new token", async () => {
  const person = await signInPerson(world.url, mailbox);
  const offer = await world.offerService();
  const auth = hostAuth({ ask: answeredBy(person, allow({ cents: 0 })) });
  const [, connect] = OAUTH_HOSTS[0] ?? [];
  const host = await connect?.(world.url, auth);
  if (host === undefined) throw new Error("no host");
  const run = await buy(host, offer);
  expect(run.isError).toBe(true);
  const envelope = JSON.parse(run.content.at(-1)?.text ?? "{}") as { error_code: string; details: object };
  expect(envelope).toMatchObject({
    error_code: "budget_approval_required",
    details: { approval_id: expect.any(String) },
  });
  await host.close();
});
