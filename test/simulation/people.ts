import { createAgent } from "../../src/core/access/agent/index.ts";
import { putGrant } from "../../src/core/access/grant/index.ts";
import { authenticateSession, openSession } from "../../src/core/access/session/index.ts";
import { createUser } from "../../src/core/access/user/index.ts";
import type { SessionActor } from "../../src/core/context.ts";
import type { SimWorld } from "./world.ts";

/** People of a simulated world, each with an agent's session that may spend much. */
export async function addPeople({ deps }: SimWorld, count: number): Promise<SessionActor[]> {
  const { agent_id } = await createAgent(deps, { name: "Another agent" });
  const key = await deps.db.agentApiKey.findFirstOrThrow({ where: { agentId: agent_id } });
  const agent = { kind: "agent" as const, agentId: agent_id, apiKeyId: key.id };
  const scopes = { allowed_task_types: ["survey"], allowed_data_types: [], allowed_categories: ["weather"] };
  const sessions: SessionActor[] = [];
  for (let n = 0; n < count; n += 1) {
    const email = `person-${n}@example.com`;
    const person = { email, region: "", roles: [], tools_used: [], attributes: {} };
    const { user } = await createUser(deps, person);
    const grant = await putGrant(deps, {
      ...{ user_id: user.user_id, agent_id, scopes, budget_limit_cents: 500 },
      expires_at: new Date(Date.now() + 864_000_000).toISOString(),
    });
    const opened = await openSession(
      { ...deps, actor: agent, clientAddress: "127.0.0.1" },
      { user_id: grant.user_id, scopes, budget_limit_cents: 500 },
    );
    sessions.push(await authenticateSession(deps, "agent_session", opened.data.session_token));
  }
  return sessions;
}
