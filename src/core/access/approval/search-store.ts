import type { Queries } from "../../ports/database.ts";
import type { ApprovalRow } from "./store.ts";

export type SearchedApproval = Awaited<ReturnType<typeof searchApprovals>>[0][number];

/** One page of approvals, newest first, with their agents and users; and how many there are in all. */
export async function searchApprovals(
  db: Queries,
  { q, status }: { q: string | undefined; status: ApprovalRow["status"] | undefined },
  { offset, limit }: { offset: number; limit: number },
) {
  const text = { contains: q ?? "", mode: "insensitive" as const };
  const where = {
    // What was asked of somebody who deleted their account is gone.
    AND: { OR: [{ userId: null }, { user: { deletedAt: null } }] },
    ...(status !== undefined && { status }),
    ...(q !== undefined && { OR: [{ agent: { name: text } }, { user: { email: text } }] }),
  };
  const [rows, total] = await Promise.all([
    db.approvalState.findMany({
      where,
      include: { agent: { select: { name: true } }, user: { select: { id: true, email: true } } },
      orderBy: [{ createdAt: "desc" }, { id: "desc" }],
      skip: offset,
      take: limit,
    }),
    db.approvalState.count({ where }),
  ]);
  return [rows as ((typeof rows)[number] & Pick<ApprovalRow, "kind" | "status">)[], total] as const;
}

/** What the user has to know of the campaigns that approvals are about, by id. */
export async function findCampaignsAskedAbout(db: Queries, ids: string[]) {
  const campaigns = await db.campaign.findMany({
    where: { id: { in: ids } },
    select: { id: true, name: true, purpose: true, sponsor: { select: { name: true } } },
  });
  return new Map(
    campaigns.map(({ id, name, purpose, sponsor }) => [
      id,
      { campaign_id: id, name, purpose, sponsor: sponsor.name },
    ]),
  );
}
