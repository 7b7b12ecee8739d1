import { allMatches } from "./all-matches.ts";
import { isMailProvider } from "./mail-providers.ts";
import { anyOf } from "./labels.ts";

/** E-mail addresses with words for their signs: "ada (at) example (dot) com", "carlos arroba gmail punto com". */

const SIGN_WORDS =
  "at|ät|arobase|arroba|chiocciola|klammeraffe|małpa|snabel-a|zavináč|apenstaartje|собака|アット(?:マーク)?|골뱅이";
/** In brackets, or a word that is rarely used for anything else. */
const CLEAR_AT = String.raw`\s?[([{<]\s?(?:${SIGN_WORDS})\s?[)\]}>]\s?|_AT_|\s?(?:アットマーク|골뱅이)\s?|\s(?:arobase|arroba|chiocciola|klammeraffe|małpa|snabel-a|zavináč|apenstaartje|собака|アット)\s`;
/** "at", which is also an ordinary word. */
const PLAIN_AT = String.raw`\s(?:at)\s|\s(?:AT)\s`;
const AT = new RegExp(`${CLEAR_AT}|(?<plain>${PLAIN_AT})`, "giu");

const DOT_WORDS = "dot|punkt|punto|ponto|point|kropka|tečka|точка|ドット|nokta";
const SPELLED_DOT = String.raw`\s?[([{<]\s?(?:${DOT_WORDS}|\.)\s?[)\]}>]\s?|\s(?:${DOT_WORDS})\s|\s?ドット\s?|_DOT_`;
const LABEL = String.raw`[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,62})`;
/** A domain that follows, and how its dots are written. */
const DOMAIN = new RegExp(
  String.raw`^(?<first>${LABEL})(?:(?<spelled>${SPELLED_DOT})|\.)(?:${LABEL}(?:${SPELLED_DOT}|\.)){0,3}\p{L}{2,24}(?![\p{L}\p{N}])`,
  "iu",
);
const LOCAL_END = /(?<![\p{L}\p{N}._+-])[\p{L}\p{N}][\p{L}\p{N}._+-]{0,63}$/u;

/** Words that say that an e-mail address follows. */
const ANNOUNCED = new RegExp(
  `${anyOf(["e-?mail", "mail", "contact", "reach", "write (?:me|to)", "address"])}[^\\n]{0,30}$`,
  "iu",
);
/** Words before "at" that speak of a place: "we met at example dot com". */
const VERBS =
  /(?:^|\s)(?:look(?:ed|ing)?|bought|buy|see|saw|found|find|is|are|was|were|be|live|hosted|running|available|sign up|works?|worked|it|them|this|here|more|page|site|docs|met|up|us|me)$/iu;

/** How much is looked at on each side of "at". */
const BEFORE = 80;
const AFTER = 160;

/**
 * Whether the text holds an e-mail address with words for its signs. A plain "at" counts if the dot is spelled too, if the
 * domain gives addresses to people, if a word announces an address, or if the text is nothing but the address.
 */
export function holdsSpelledEmail(text: string): boolean {
  return allMatches(text, AT).some(({ 0: at, index, groups }) => {
    const before = text.slice(Math.max(0, index - BEFORE), index);
    const after = text.slice(index + at.length, index + at.length + AFTER);
    const local = LOCAL_END.exec(before)?.[0];
    const domain = DOMAIN.exec(after);
    if (local === undefined || domain === null) return false;
    if (groups?.["plain"] === undefined) return true;
    if (VERBS.test(before)) return false;
    return (
      domain.groups?.["spelled"] !== undefined ||
      isMailProvider(domain.groups?.["first"] ?? "") ||
      ANNOUNCED.test(before) ||
      text === local + at + domain[0]
    );
  });
}
