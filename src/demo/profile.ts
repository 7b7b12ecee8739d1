import type { Profile } from "./fill-schema.ts";

/** What the demo's agent knows about its person, and what the person consents to. */
export const profile: Profile = {
  byName: {
    satisfaction: 4,
    latitude: 38.7223,
    longitude: -9.1393,
    date: new Date().toISOString().slice(0, 10),
    data_sharing_agreed: true,
    purpose_acknowledged: true,
    contact_permission: false,
  },
  byDataType: { region: "Portugal", email: "ada@example.com" },
};

export interface Person {
  /** Approves the agent's request for one day. `details` is the approval as the API sent it. */
  approve(details: Record<string, unknown>): Promise<void>;
}

/**
 * Creates a person. They decide through the administrator's API, so that the demo runs by itself.
 */
export async function createPerson(server: Server): Promise<Person> {
  const { user_id } = await post(server, "/admin/users", {
    email: `visitor-${crypto.randomUUID()}@demo.tollfree.test`,
    region: "Portugal",
    roles: ["developer"],
    tools_used: [],
    attributes: {},
  });
  return {
    async approve({ approval_id, user_code }) {
      console.log(
        `    the person enters the code ${String(user_code)} and approves, for a day and at most 25 cents`,
      );
      await post(server, `/admin/approvals/${String(approval_id)}/decide`, {
        decision: "approve",
        user_id,
        scopes: {
          allowed_task_types: ["survey", "data_provision"],
          allowed_data_types: ["region"],
          allowed_categories: [
            "environment",
            "astronomy",
            "calendar",
            "business",
            "text",
            "analysis",
            "travel",
            "geography",
          ],
        },
        budget_limit_cents: 25,
        expires_at: new Date(Date.now() + 24 * 3600 * 1000).toISOString(),
      });
    },
  };
}

/** Registers an agent that nobody has met yet. Returns its key. */
export async function createAgent(server: Server, name: string): Promise<string> {
  const { api_key } = await post(server, "/admin/agents", { name });
  return String(api_key);
}

interface Server {
  url: string;
  adminApiKey: string;
}

async function post(
  { url, adminApiKey }: Server,
  path: string,
  body: unknown,
): Promise<Record<string, unknown>> {
  const response = await fetch(`${url}${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${adminApiKey}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const answer = (await response.json()) as { data?: Record<string, unknown>; message?: string };
  if (answer.data === undefined) throw new Error(`${path}: ${response.status} ${answer.message ?? ""}`);
  return answer.data;
}
