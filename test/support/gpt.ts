import { expectSuccess } from "./call.ts";
import type { Caller, GrantOfUser } from "./caller.ts";

/** Signs the grant's user in with the agent as a GPT, by link and code. Returns the session's token. */
export async function signInWithGpt(
  caller: Caller,
  grant: GrantOfUser,
  wish: Record<string, unknown> = {},
): Promise<string> {
  const auth = (body: unknown) => caller.rest("POST", "/gpt/auth", { token: grant.agent_key, body });
  const { auth_request_id: id } = (await auth(wish)).body as { auth_request_id: string };
  expectSuccess(await caller.approve(id, grant.user_id));
  return (await auth({ auth_request_id: id })).body.session_token as string;
}
