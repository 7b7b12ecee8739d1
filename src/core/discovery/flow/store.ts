import type { Queries } from "../../ports/database.ts";
import { text, timestamp, uuid } from "../../ports/sql-types.ts";
import { statement } from "../../ports/statement.ts";

/** Lists a user's completed tasks whose consent stands, newest first, at most 100. */
export const listCompletedTasks = statement({
  name: "flow.list-completed-tasks",
  limit: "read",
  params: { user_id: uuid },
  row: { campaign_id: uuid, campaign_name: text, task_type: text, completed_at: timestamp },
  text: `
    SELECT c.id AS campaign_id, c.name AS campaign_name, c.task_type, t.created_at AS completed_at
      FROM task_completions t JOIN campaigns c ON c.id = t.campaign_id
     WHERE t.user_id = $user_id AND t.withdrawn_at IS NULL
     ORDER BY t.created_at DESC LIMIT 100`,
});

/** The campaign whose task or plan this session asked for last. Undefined: none yet. */
export async function findSelectedCampaign(db: Queries, sessionId: string): Promise<string | undefined> {
  const session = await db.agentSession.findUniqueOrThrow({
    where: { id: sessionId },
    select: { selectedCampaignId: true },
  });
  return session.selectedCampaignId ?? undefined;
}
