import { createAuthEndpoint } from "better-auth/api";
import { setSessionCookie } from "better-auth/cookies";
import { z } from "zod";

/**
 * A plugin of the library that signs somebody in without asking for a proof: makes the account if there is none, with a
 * proven address and without a password, and a session. It has no path, so no request reaches it.
 */
export const openSessionPlugin = {
  id: "open-session",
  endpoints: {
    openSession: createAuthEndpoint.serverOnly(
      { method: "POST", body: z.object({ email: z.email() }), requireHeaders: true },
      async (ctx) => {
        const { internalAdapter } = ctx.context;
        const { email } = ctx.body;
        const find = async () => (await internalAdapter.findUserByEmail(email))?.user;
        const made = async () => {
          const account = { email, emailVerified: true, name: "" };
          // Another request may make it at the same moment.
          return await internalAdapter
            .createUser(account, { method: "open-session" })
            .catch(async (error: unknown) => {
              const other = await find();
              if (other === undefined) throw error;
              return other;
            });
        };
        let user = (await find()) ?? (await made());
        if (!user.emailVerified) {
          // Somebody else signed up with the address. Their password goes.
          for (const { id } of await internalAdapter.findAccounts(user.id))
            await internalAdapter.deleteAccount(id);
          user = await internalAdapter.updateUser(user.id, { emailVerified: true });
        }
        const session = await internalAdapter.createSession(user.id);
        await setSessionCookie(ctx, { session, user });
        return ctx.json({ signedIn: true });
      },
    ),
  },
};
