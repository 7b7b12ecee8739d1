import type { Express } from "express";
import { createIsLocal, localOnly } from "../../http/request/local-request.ts";
import { sendJson } from "../../http/request/send.ts";
import type { SignIn } from "../../core/ports/sign-in.ts";

const NOT_FROM_A_PAGE = { code: "INVALID_ORIGIN", message: "Only pages of this server can sign people in." };

/**
 * Adds `POST /auth/demo`: one press signs a visitor in as the sandbox's demo person. It exists for pages of this server
 * only, in a browser on this machine. Pages of other origins are refused before, as everywhere below `/auth`.
 * @param peers addresses and CIDR ranges that count as this machine too
 */
export function mountDemoSignIn(
  app: Express,
  peers: readonly string[],
  { signIn, email }: { signIn: SignIn; email: string },
): void {
  app.post("/auth/demo", localOnly(createIsLocal(peers)), async (req, res) => {
    // A browser always says where a POST comes from.
    const isFromPage = req.headers.origin !== undefined || req.headers["sec-fetch-site"] === "same-origin";
    if (!isFromPage) return sendJson(req, res, 403, {}, NOT_FROM_A_PAGE);
    const cookies = await signIn.openSession({ email, userAgent: req.headers["user-agent"] });
    res.setHeader("Set-Cookie", cookies);
    sendJson(req, res, 200, {}, { email });
  });
}
