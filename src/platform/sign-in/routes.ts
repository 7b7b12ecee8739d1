/**
 * The routes of the sign-in library that are served. The library has more, such as deleting an account or changing its
 * address, which would need rules of our own.
 */
const ROUTES = new Set([
  "POST /sign-up/email",
  "POST /sign-in/email",
  "POST /sign-in/magic-link",
  "GET /magic-link/verify",
  "GET /verify-email",
  "POST /send-verification-email",
  "POST /request-password-reset",
  "POST /reset-password",
  "POST /change-password",
  "GET /get-session",
  "POST /sign-out",
  "GET /list-sessions",
  "POST /revoke-session",
  "POST /revoke-sessions",
  "POST /revoke-other-sessions",
  "POST /update-user",
  "GET /passkey/generate-register-options",
  "POST /passkey/verify-registration",
  "GET /passkey/generate-authenticate-options",
  "POST /passkey/verify-authentication",
  "GET /passkey/list-user-passkeys",
  "POST /passkey/update-passkey",
  "POST /passkey/delete-passkey",
]);

/** The link of a mail about a forgotten password has its token in the path. */
const RESET_LINK = /^GET \/reset-password\/[A-Za-z0-9]+$/;

/** Whether a route is served. @param path without the library's own prefix */
export function isServed(method: string, path: string): boolean {
  const route = `${method} ${path}`;
  return ROUTES.has(route) || RESET_LINK.test(route);
}
