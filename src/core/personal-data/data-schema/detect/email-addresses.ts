/** Looks around each `@`, rather than for a run of letters that might lead to one: that would be quadratic. */
export function holdsEmail(text: string): boolean {
  for (let at = text.indexOf("@"); at !== -1; at = text.indexOf("@", at + 1)) {
    const before = text[at - 1] ?? "";
    const after = text.slice(at + 1, at + 1 + MAX_DOMAIN);
    if (LOCAL_END.test(before) && DOMAIN.test(after) && !(before === "/" && isInUrl(text, at))) return true;
  }
  return false;
}

const MAX_DOMAIN = 254;
const MAX_URL = 2_048;

/** What can stand before an `@`: letters of any script (half of one, too), digits, RFC 5322's signs, a quote. */
const LOCAL_END = /[\p{L}\p{N}\p{Surrogate}!#$%&'*+/=?^_`{|}~".-]/u;

/** A space after the `@` keeps a harvester away, but nobody who reads it. */
const DOMAIN = /^ {0,2}(?:(?:[\p{L}\p{N}][\p{L}\p{N}-]*\.)+\p{L}{2}|\[[0-9a-f.:]{3,45}\])/iu;

/** `https://example.com/@user.name` names an account on a site: the `/` belongs to the URL. */
function isInUrl(text: string, at: number): boolean {
  const before = text.slice(Math.max(0, at - MAX_URL), at);
  return before.lastIndexOf("://") > before.lastIndexOf(" ");
}

/** Without the words that hold an address: the number in `ada+20240131@example.com` is a part of it. */
export const withoutEmails = (text: string): string =>
  text
    .split(BETWEEN_WORDS)
    .map((word) => (holdsEmail(word) ? "" : word))
    .join("");

/** Captured, so that splitting keeps it. */
const BETWEEN_WORDS = /([\s,;:<>()[\]"/|]+)/;
