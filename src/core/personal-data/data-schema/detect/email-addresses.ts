import { isMailProvider } from "./mail-providers.ts";
import { holdsSpelledEmail } from "./spelled-emails.ts";

/** Whether the text holds an e-mail address, with an `@` or with words in its place. */
export const holdsEmail = (text: string): boolean => holdsAtSign(text) || holdsSpelledEmail(text);

/**
 * Whether the text holds an e-mail address with an `@`. It looks at both sides of each `@`. An expression that begins at the
 * letters before the `@` would take quadratic time.
 */
function holdsAtSign(text: string): boolean {
  for (let at = text.indexOf("@"); at !== -1; at = text.indexOf("@", at + 1)) {
    const after = text.slice(at + 1, at + 1 + MAX_DOMAIN);
    // With blanks on both sides: "ada @ example.com". On one side only, "by @ada.lovelace" names an account.
    const isApart = after.startsWith(" ") && text[at - 1] === " ";
    if (isSpaced(text, at, after)) return true;
    const before = text[at - (isApart ? 2 : 1)] ?? "";
    if (!LOCAL_END.test(before) || !DOMAIN.test(after) || isRepository(text, at, after)) continue;
    if (!(before === "/" && isInUrl(text, at))) return true;
  }
  return false;
}

const MAX_DOMAIN = 254;
const MAX_URL = 2_048;

/** One character before an `@`: a letter (or half a surrogate pair), a digit, a sign of RFC 5322, a quote. */
const LOCAL_END = /[\p{L}\p{N}\p{Surrogate}!#$%&'*+/=?^_`{|}~".-]/u;

/** People write `ada@ example.com` to avoid address harvesters. It is still an address. */
const DOMAIN = /^ {0,2}(?:(?:[\p{L}\p{N}][\p{L}\p{N}-]*\.)+\p{L}{2}|\[[0-9a-f.:]{3,45}\])/iu;

/** "kim @gmail . com": blanks around the dot as well. Only at domains that give addresses to people. */
function isSpaced(text: string, at: number, after: string): boolean {
  const provider =
    /^ ?([a-z\d]{2,20}) ?\. ?(?:com|net|org|co|ne|de|fr|it|es|pt|br|jp|kr|cn|ru|in|uk)(?![a-z])/i.exec(
      after,
    )?.[1];
  return (
    provider !== undefined &&
    isMailProvider(provider) &&
    /[\p{L}\p{N}] ?$/u.test(text.slice(Math.max(0, at - 2), at))
  );
}

/**
 * Whether the `@` is part of a URL. `https://example.com/@user.name` names an account on a site, no address.
 */
function isInUrl(text: string, at: number): boolean {
  const before = text.slice(Math.max(0, at - MAX_URL), at);
  return before.lastIndexOf("://") > before.lastIndexOf(" ");
}

/** `git@github.com:owner/name.git` is where a repository is. */
const isRepository = (text: string, at: number, after: string): boolean =>
  /(?:^|[^\p{L}\p{N}._+-])git$/u.test(text.slice(Math.max(0, at - 4), at)) &&
  /^[\w.-]{1,253}[:/][\w~-]/.test(after);

/**
 * Removes the words that hold an address, also one with a blank after the `@`. The number in `ada+20240131@example.com` is part of
 * the address.
 */
export const withoutEmails = (text: string): string =>
  text
    .replace(/@ {1,2}(?=[\p{L}\p{N}])/gu, "@")
    .split(BETWEEN_WORDS)
    .map((word) => (holdsAtSign(word) ? "" : word))
    .join("");

/** The group makes `split` keep the separators. */
const BETWEEN_WORDS = /([\s,;:<>()[\]"/|]+)/;
