import { allMatches } from "./all-matches.ts";
import { anyOf } from "./labels.ts";

/** Names of people, which only a label or a phrase tells from other names. Case tells a name from other words. */

/** After these phrases, one name is enough. */
const PHRASES = anyOf([
  ...["my (?:(?:full|real|legal|first|last|given|family) )?name(?:'s|’s| is)", "i(?:'m| am) called"],
  ...["je m['’]appelle", "mon nom est", "mon prénom est", "ich hei(?:ß|ss)e", "mein name (?:ist|lautet)"],
  ...["me llamo", "mi nombre es", "(?:o )?meu nome [ée]", "(?:eu )?me chamo", "chamo-me", "mi chiamo"],
  ...[
    "il mio nome [èe]",
    "mijn naam is",
    "ik heet",
    "nazywam się",
    "mam na imię",
    "меня зовут",
    "мене звати",
  ],
  ...[
    "jag heter",
    "jeg h(?:eter|edder)",
    "jmenuji se",
    "benim adım",
    "nama saya",
    "tên tôi là",
    "tôi tên là",
  ],
]);
/** Labels of fields. One name is enough. */
const FIELDS = anyOf([
  ...["(?:full|first|last|given|family|middle|maiden|legal|real)[ _-]?names?", "surname", "forename"],
  ...[
    "vor- und nachname",
    "vorname",
    "nachname",
    "familienname",
    "nom et prénom",
    "prénom",
    "nom de famille",
  ],
  ...["nombre y apellidos?", "nombre completo", "apellidos?", "nome completo", "sobrenome", "apelido"],
  ...[
    "nome e cognome",
    "cognome",
    "voornaam",
    "achternaam",
    "imię(?: i nazwisko)?",
    "nazwisko",
    "имя",
    "фамилия",
    "фио",
  ],
]);
/** Labels of people and of things. Two names are needed, and no word before that says whose name it is. */
const BARE_FIELDS = String.raw`(?<![\p{L}\p{N}_.@/-] ?)(?:name|nom|nombre|nome|naam|call me)(?!\p{L})`;

const DELIMITER = String.raw`["']?\s?(?::|=|→|-)\s?["']?`;
const START = new RegExp(
  String.raw`(?<phrase>${PHRASES})[:,]?\s["']?|(?<field>${FIELDS})${DELIMITER}|(?<bare>${BARE_FIELDS})${DELIMITER}|(?<call>(?<!\p{L})call me )`,
  "giu",
);

const CAPITALISED = String.raw`(?:\p{Lu}['’]\p{Lu}|(?:Mc|Mac|De|Van)\p{Lu}|\p{Lu})[\p{L}'’]{1,30}(?:-\p{Lu}[\p{L}'’]{1,30})?`;
const ONE_NAME = new RegExp(`^${CAPITALISED}(?![\\p{L}\\p{N}_.@/]\\S)`, "u");
const TWO_NAMES = new RegExp(
  String.raw`^${CAPITALISED} (?:\p{Lu}\.? |(?:de|da|dos|von|van|di|del|la|al|bin|el) ){0,2}${CAPITALISED}(?!\p{L})`,
  "u",
);
/** "my name is john": a word in small letters that isn't what else can be said of a name. */
const SMALL_NAME =
  /^(?!(?:too|not|very|so|on|in|at|the|an?|my|your|missing|wrong|missp\w+|spelled|spelt|long|short|shown|displayed|always|often|never|already|taken|required|optional|public|private|hidden|cut|listed|still|being|used|important|no|none|irrelevant|confidential|secret|what|also|only|just|rejected|invalid|pronounced|written|none|n\/?a|unknown|anonymous)(?!\p{L}))\p{Ll}{2,20}(?:$|[.,!;]| and | from |\s\p{Ll}{2,20}(?:$|[.,!;]))/u;
/** Words of things with two capitals: "Name: Premium Plan". */
const THING =
  /(?:Plan|Api|API|Service|App|Pro|Inc|Ltd|Llc|LLC|GmbH|Project|Test|Build|Server|File|Field|Product|Team|Group|Labs|Cloud|Studio|Store|Bank|Company|Corp|Edition|Survey|Campaign|Unknown|None)(?!\p{L})/u;

const EAST_ASIAN_NAME = String.raw`[\p{Script=Han}\p{Script=Katakana}々ー]{1,6}[ ・]?[\p{Script=Han}\p{Script=Katakana}\p{Script=Hiragana}々ー]{0,6}`;
const NO_NAME = String.raw`(?!必須|不要|任意|変更|重要|匿名|未定|未記入|秘密|同じ|非公開|省略|空欄|なし|無し|表示|入力|漢字|不明|保密|必填|匿名)`;
const EAST_ASIAN = new RegExp(
  [
    String.raw`(?:氏名|お名前|姓名|担当者名?|フリガナ|ふりがな|名字|苗字|(?<![\p{Script=Han}\p{Script=Katakana}])(?:姓|名))(?:\([^)]{0,10}\))? ?[::=] ?${NO_NAME}${EAST_ASIAN_NAME}`,
    String.raw`(?:氏名|お名前|フリガナ) ${NO_NAME}${EAST_ASIAN_NAME}(?:$|[\n 、.])`,
    // 名前は鈴木一郎です, 私の名前: 鈴木一郎
    String.raw`(?<!商品の?|製品の?|会社の?|関数の?|ファイルの?|変数の?)名前 ?[は:] ?${NO_NAME}[\p{Script=Han}\p{Script=Katakana}々ー]{2,10}(?: [\p{Script=Han}]{1,4})?(?:です|だ|と言|といい|と申|$|[\n、.])`,
    String.raw`[\p{Script=Han}\p{Script=Katakana}々ー]{2,12} ?と申します`,
    String.raw`我叫(?!做|停|醒|了|不)\p{Script=Han}{2,4}(?!\p{Script=Han}{4})`,
    String.raw`我的名字[是叫] ?\p{Script=Han}{2,4}`,
    String.raw`(?:성명|이름|성함) ?[:=] ?\p{Script=Hangul}{2,5}(?!\p{Script=Hangul})`,
    String.raw`(?:제|내) 이름은 ?\p{Script=Hangul}{2,8}`,
  ].join("|"),
  "u",
);

/** Whether the text names a person, after a label or a phrase such as "my name is". */
export function holdsPersonName(text: string): boolean {
  if (/[\p{Script=Han}\p{Script=Katakana}\p{Script=Hangul}]/u.test(text) && EAST_ASIAN.test(text))
    return true;
  return allMatches(text, START).some(({ 0: start, index, groups = {} }) => {
    const value = text.slice(index + start.length, index + start.length + 100);
    if (groups["phrase"] !== undefined)
      return ONE_NAME.test(value) || (/^my/i.test(start) && SMALL_NAME.test(value));
    if (groups["field"] !== undefined) return ONE_NAME.test(value);
    const names = TWO_NAMES.exec(value)?.[0];
    return names !== undefined && !THING.test(names);
  });
}
