import { timingSafeEqual } from "node:crypto";
import { APIError } from "better-auth/api";
import type { Cipher } from "../../core/ports/cipher.ts";

/**
 * The browser in which somebody signed up, or signed in with the password of an address that isn't proven yet. Only there
 * the link of the mail proves the address, because it makes the password count. In any other browser, such as that of a
 * mail scanner or of an owner who didn't sign up, the link changes nothing.
 */
export const SIGN_UP_COOKIE = "tollfree.sign_up";

/** What the cookie holds. Nobody can make it who only knows the account's id. */
export const signUpProof = (cipher: Cipher, accountId: string): string =>
  cipher.hmac(`sign-up-browser:${accountId}`).toString("base64url");

/** @throws APIError that leads to a page which says so, if the request's browser isn't the one that signed up */
export function requireSignUpBrowser(cipher: Cipher, accountId: string, request: Request | undefined): void {
  const cookies = request?.headers.get("cookie")?.split("; ") ?? [];
  const given = cookies.find((cookie) => cookie.startsWith(`${SIGN_UP_COOKIE}=`));
  const proof = Buffer.from(given?.slice(SIGN_UP_COOKIE.length + 1) ?? "");
  const expected = Buffer.from(signUpProof(cipher, accountId));
  if (proof.length === expected.length && timingSafeEqual(proof, expected)) return;
  throw new APIError("FOUND", undefined, { location: "/sign-in?error=OTHER_BROWSER" });
}
