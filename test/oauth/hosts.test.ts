import { describe, expect, test } from "vitest";
import { signInPerson } from "../support/console-client.ts";
import { allow, deny, hostAuth, OAUTH_HOSTS } from "../support/oauth.ts";
import { Mailbox } from "../support/people.ts";
import { useWorld } from "../support/use-world.ts";

/** Hosts that know only the server's address: from a 401 over OAuth to a paid resource, for a person in their browser. */

const mailbox = new Mailbox();
const world = useWorld({ mailer: mailbox });

describe.each(OAUTH_HOSTS)("a host of %s", (_name, connect) => {
  test("registers itself, signs its person in, and gets a resource that a sponsor paid for", async () => {
    const person = await signInPerson(world.url, mailbox);
    const { service, campaignId } = await world.offerService();
    const auth = hostAuth({ person });
    const host = await connect(world.url, auth);
    expect(auth.kept.tokens).toMatchObject({
      access_token: expect.stringMatching(/^tf_oa_/),
      refresh_token: expect.stringMatching(/^tf_or_/),
    });
    const task = await host.call("get_task", { campaign_id: campaignId });
    expect(task.isError, JSON.stringify(task)).toBe(false);
    const run = await host.call("run_service", { service_key: service, input: {} });
    console.log(JSON.stringify(task.structured), run.content);
    await host.close();
  });

  test("gets access_denied if the person says no", async () => {
    const person = await signInPerson(world.url, mailbox);
    const auth = hostAuth({ person, decide: deny });
    await expect(connect(world.url, auth)).rejects.toThrow();
    expect(auth.kept.callback?.searchParams.get("error")).toBe("access_denied");
    expect(await world.db.grant.count({ where: { userId: person.userId } })).toBe(0);
  });
});
void allow;
