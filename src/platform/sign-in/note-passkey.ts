import type { GenericEndpointContext } from "better-auth";

/** The route that answers a passkey's challenge. It opens a session only once it has verified the answer. */
const PASSKEY_ROUTE = "/passkey/verify-authentication";

/** Writes with a new session which passkey it was opened with: who does more than look after their own is asked for that. */
export async function notePasskey(
  _session: unknown,
  ctx: GenericEndpointContext | null,
): Promise<{ data: { passkeyId: string | null } }> {
  if (ctx?.path !== PASSKEY_ROUTE) return { data: { passkeyId: null } };
  const { response } = ctx.body as { response: { id: string } };
  const where = [{ field: "credentialID", value: response.id }];
  const passkey = await ctx.context.adapter.findOne<{ id: string }>({ model: "passkey", where });
  return { data: { passkeyId: passkey?.id ?? null } };
}
