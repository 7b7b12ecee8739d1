import { rest } from "./server.ts";
import type { Created } from "./world.ts";
import { admin } from "./world.ts";

/** Signs the grant's user in with the agent as a GPT, as they would by link and code. Returns the session's token. */
export async function signInWithGpt(
  url: string,
  grant: Created,
  wish: Record<string, unknown> = {},
): Promise<string> {
  const auth = (body: unknown) => rest(url, "POST", "/gpt/auth", { token: grant.agent_key, body });
  const { auth_request_id: id } = (await auth(wish)).body as { auth_request_id: string };
  await admin(url, `/admin/approvals/${id}/decide`, { decision: "approve", user_id: grant.user_id });
  return (await auth({ auth_request_id: id })).body.session_token as string;
}
