import type { Deps } from "../../context.ts";

/** Letters and digits that look like another letter, written as that letter. */
const LOOK_ALIKES: Readonly<Record<string, string>> = {
  ...{ "0": "o", "1": "l", "3": "e", "7": "t", "|": "l", "!": "l", i: "l", ı: "l", ɩ: "l", ƚ: "l", ł: "l" },
  ...{ ø: "o", ƒ: "f", ŧ: "t", ɾ: "r", ε: "e", ο: "o", σ: "o", τ: "t", ι: "l", ρ: "p", γ: "r" },
  ...{
    а: "a",
    е: "e",
    о: "o",
    т: "t",
    г: "r",
    і: "l",
    ӏ: "l",
    ԑ: "e",
    օ: "o",
    ℮: "e",
    ꓔ: "t",
    ꓳ: "o",
    ꓡ: "l",
  },
  ...{ ꓝ: "f", ꓣ: "r", ꓰ: "e", ᖴ: "f", ᒪ: "l", ተ: "t" },
};

/** What a name looks like at a glance: without accents, blanks and marks, each letter once in a row. */
function skeletonOf(name: string): string {
  const letters = name.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  return Array.from(letters)
    .map((letter) => LOOK_ALIKES[letter] ?? letter)
    .filter((letter) => /[\p{L}\p{N}]/u.test(letter))
    .join("")
    .replace(/(.)\1+/gu, "$1");
}

const OTHER_SCRIPT = /[\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Armenian}\p{Script=Cherokee}]/u;

const PRODUCT = "Tollfree";

/** The names that only this installation has: the product's, and that of who runs it. */
export const ownNames = ({ operator }: Pick<Deps["settings"], "operator">): string[] => [
  PRODUCT,
  ...(operator.name === undefined ? [] : [operator.name]),
];

/**
 * Returns why people could take an agent's name for somebody else's, as a field's message. Undefined if they couldn't.
 * @param ours as `ownNames` has them
 */
export function misleadingName(name: string, ours: readonly string[]): string | undefined {
  const skeleton = skeletonOf(name);
  if (ours.map(skeletonOf).some((own) => own.length > 3 && skeleton.includes(own)))
    return "must not look like our own name, or that of who runs this server";
  const isMixed = (word: string): boolean => /\p{Script=Latin}/u.test(word) && OTHER_SCRIPT.test(word);
  if (name.split(/[^\p{L}\p{M}\p{N}]+/u).some(isMixed))
    return "must not mix letters of different alphabets in a word";
  return undefined;
}
