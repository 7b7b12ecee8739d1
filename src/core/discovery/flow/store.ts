import type { Queries } from "../../ports/database.ts";

export interface CompletedTask {
  campaign_id: string;
  campaign_name: string;
  task_type: string;
  completed_at: Date;
}

/** Lists a user's completed tasks whose consent stands, newest first, at most 100. */
export async function listCompletedTasks(db: Queries, userId: string): Promise<CompletedTask[]> {
  return db.$queryRaw<CompletedTask[]>`
    SELECT c.id AS campaign_id, c.name AS campaign_name, c.task_type, t.created_at AS completed_at
      FROM task_completions t JOIN campaigns c ON c.id = t.campaign_id
     WHERE t.user_id = ${userId}::uuid AND t.withdrawn_at IS NULL
     ORDER BY t.created_at DESC LIMIT 100`;
}

/** The campaign whose task or plan this session asked for last. Undefined: none yet. */
export async function findSelectedCampaign(db: Queries, sessionId: string): Promise<string | undefined> {
  const session = await db.agentSession.findUniqueOrThrow({
    where: { id: sessionId },
    select: { selectedCampaignId: true },
  });
  return session.selectedCampaignId ?? undefined;
}
