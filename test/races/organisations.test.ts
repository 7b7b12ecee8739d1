import { expect, test } from "vitest";
import { atOnce, tally } from "../support/at-once.ts";
import type { SignedIn } from "../support/console-client.ts";
import { consoleClient, refusalOf, signInPerson } from "../support/console-client.ts";
import { Mailbox } from "../support/people.ts";
import { useReplica, useWorld } from "../support/use-world.ts";

/** Members of one organisation who act at the same moment, on two servers. */

const mailbox = new Mailbox();
const world = useWorld({ mailer: mailbox, upstreamFor: "all tests" });
const replica = useReplica(world);

const person = () => signInPerson(world.server.url, mailbox);
/** The person's console on one of the two servers. Each client sends its call by itself. */
const consoleAt = ({ headers }: SignedIn, index: number) =>
  consoleClient(index % 2 === 0 ? world.server.url : replica.url, headers).sponsors;
const codeOf = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => "ok",
    async (error: unknown) => (await refusalOf(Promise.reject(error as Error)))?.error_code ?? "unknown",
  );

async function organisationOf(owner: SignedIn, others: SignedIn[] = [], role = "owner"): Promise<string> {
  const { sponsor_id } = (await owner.user.sponsors.found.mutate({ name: "Helio Maps" })).data;
  for (const { userId } of others)
    await world.db.sponsorMember.create({ data: { sponsorId: sponsor_id, userId, role } });
  return sponsor_id;
}
const ownersOf = (sponsorId: string) => world.db.sponsorMember.count({ where: { sponsorId, role: "owner" } });

test("of owners who all leave, lower themselves and remove each other at once, one owner stays", async () => {
  const owners = await Promise.all([person(), person(), person(), person()]);
  for (let round = 0; round < 4; round += 1) {
    const [first, ...others] = owners as [SignedIn, ...SignedIn[]];
    const sponsor_id = await organisationOf(first, others);
    await atOnce(12, (index) => {
      const own = owners[index % 4] as SignedIn;
      const other = owners[(index + 1) % 4] as SignedIn;
      const of = consoleAt(own, index);
      if (index < 4) return codeOf(of.team.leave.mutate({ sponsor_id }));
      if (index < 8)
        return codeOf(of.team.change_role.mutate({ sponsor_id, member_id: own.userId, role: "viewer" }));
      return codeOf(of.team.remove.mutate({ sponsor_id, member_id: other.userId }));
    });
    expect(await ownersOf(sponsor_id)).toBeGreaterThanOrEqual(1);
    await world.db.sponsorMember.deleteMany({ where: { sponsorId: sponsor_id } });
  }
});

test("the last owner can't leave, be lowered, or delete the account, which names the organisation", async () => {
  const owner = await person();
  const sponsor_id = await organisationOf(owner);
  const { team } = owner.user.sponsors;
  expect(await codeOf(team.leave.mutate({ sponsor_id }))).toBe("conflict");
  const lower = team.change_role.mutate({ sponsor_id, member_id: owner.userId, role: "editor" });
  expect(await codeOf(lower)).toBe("conflict");
  const refused = await refusalOf(owner.user.account.delete.mutate({ email: owner.email }));
  expect(refused).toMatchObject({ error_code: "conflict", message: expect.stringContaining('"Helio Maps"') });
  expect(await ownersOf(sponsor_id)).toBe(1);
  expect((await owner.user.account.deletion_state.query()).data.owned_organisations).toEqual([
    { sponsor_id, name: "Helio Maps" },
  ]);
});

test("an account that is deleted leaves no membership and no invitation", async () => {
  const [owner, member] = [await person(), await person()];
  const sponsor_id = await organisationOf(owner, [member]);
  await member.user.sponsors.team.invite.mutate({ sponsor_id, email: "a@b.example", role: "viewer" });
  await owner.user.sponsors.team.invite.mutate({ sponsor_id, email: "c@d.example", role: "viewer" });
  await member.user.account.delete.mutate({ email: member.email });
  const { members, invitations } = (await owner.user.sponsors.team.list.query({ sponsor_id })).data;
  expect(members.map(({ email }) => email)).toEqual([owner.email]);
  expect(invitations.map(({ email }) => email)).toEqual(["c@d.example"]);
});

test("a removed member's very next call is refused, on any server", async () => {
  const [owner, member] = [await person(), await person()];
  const sponsor_id = await organisationOf(owner, [member], "viewer");
  await consoleAt(member, 1).get.query({ sponsor_id });
  await owner.user.sponsors.team.remove.mutate({ sponsor_id, member_id: member.userId });
  expect(await codeOf(consoleAt(member, 1).get.query({ sponsor_id }))).toBe("not_found");
});

test("one invitation that is accepted many times at once makes one member; another person's and a second use make none", async () => {
  const [owner, invited, other] = [await person(), await person(), await person()];
  const sponsor_id = await organisationOf(owner);
  await owner.user.sponsors.team.invite.mutate({ sponsor_id, email: invited.email, role: "editor" });
  const link = await mailbox.link(invited.email, "Join Helio Maps on Tollfree");
  const token = new URLSearchParams(link.split("?")[1]).get("token") ?? "";
  const stored = JSON.stringify(
    await world.db.sponsorInvitation.findMany({ where: { sponsorId: sponsor_id } }),
  );
  expect(stored).not.toContain(token.slice(6));

  expect(await codeOf(consoleAt(other, 0).invitation.accept.mutate({ token }))).toBe("forbidden");
  const codes = await atOnce(10, (index) =>
    codeOf(consoleAt(invited, index).invitation.accept.mutate({ token })),
  );
  expect(tally(codes)).toEqual({ ok: 1, not_found: 9 });
  expect(await codeOf(consoleAt(invited, 0).invitation.accept.mutate({ token }))).toBe("not_found");
  const { members } = (await owner.user.sponsors.team.list.query({ sponsor_id })).data;
  expect(members.map(({ email, role }) => [email, role])).toEqual([
    [owner.email, "owner"],
    [invited.email, "editor"],
  ]);
});

test("an invitation that is taken back, replaced or past its time opens nothing", async () => {
  const [owner, invited] = [await person(), await person()];
  const sponsor_id = await organisationOf(owner);
  const { team, invitation } = owner.user.sponsors;
  const invite = async () => {
    const before = mailbox.mails.length;
    const made = (await team.invite.mutate({ sponsor_id, email: invited.email, role: "viewer" })).data;
    const link = await mailbox.link(invited.email, "Join Helio Maps on Tollfree", before);
    return { ...made, token: new URLSearchParams(link.split("?")[1]).get("token") ?? "" };
  };
  const accept = (token: string) => codeOf(consoleAt(invited, 0).invitation.accept.mutate({ token }));
  const [first, second] = [await invite(), await invite()];
  expect(await accept(first.token)).toBe("not_found");
  const inThePast = { expiresAt: new Date(Date.now() - 1_000) };
  await world.db.sponsorInvitation.update({ where: { id: second.invitation_id }, data: inThePast });
  expect(await accept(second.token)).toBe("not_found");
  const third = await invite();
  expect((await invitation.open.query({ token: third.token })).data.is_for_you).toBe(false);
  await team.end_invitation.mutate({ sponsor_id, invitation_id: third.invitation_id });
  expect(await accept(third.token)).toBe("not_found");
  expect(await world.db.sponsorMember.count({ where: { sponsorId: sponsor_id } })).toBe(1);
});

test("many organisations founded at once are no more than one person may own", async () => {
  const greedy = await person();
  await atOnce(5, (index) => codeOf(consoleAt(greedy, index).found.mutate({ name: `Helio ${index}` })));
  await world.db.rateLimitCounter.deleteMany({});
  const codes = await atOnce(5, (index) => codeOf(consoleAt(greedy, index).found.mutate({ name: "More" })));
  expect(tally(codes)).toEqual({ conflict: 5 });
  expect(await world.db.sponsorMember.count({ where: { userId: greedy.userId } })).toBe(5);
});

test("what a key changes is in the log that members read, with its hint, and the key shows when it was used", async () => {
  const owner = await person();
  const sponsor_id = await organisationOf(owner);
  const { api_key, key_id } = (await owner.user.sponsors.keys.add.mutate({ sponsor_id })).data;
  const service = await world.registerService(api_key);
  const { entries } = (await owner.user.sponsors.audit.list.query({ sponsor_id })).data;
  const { keys } = (await owner.user.sponsors.keys.list.query({ sponsor_id })).data;
  expect(entries[0]).toMatchObject({
    ...{ by: { kind: "key", hint: keys[0]?.hint }, action: "registerApi", object: service, outcome: "ok" },
  });
  await owner.user.sponsors.keys.end.mutate({ sponsor_id, key_id });
  expect((await world.call("sponsor.listApis", {}, api_key)).status).toBe(401);
});
