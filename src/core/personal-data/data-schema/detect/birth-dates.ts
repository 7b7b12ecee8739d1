import { anyOf, GAP } from "./labels.ts";

/** Dates of birth, which only a label tells from other dates. People alive were born in 1900 or later. */

const YEAR = String.raw`(?:19|20)\d{2}`;
const OF = String.raw`(?: ?(?:of|de|del|do|di|d') ?)?`;
const DATE = `(?:${[
  // 1985-03-14, 1985年3月14日, 1985년 3월 14일
  String.raw`${YEAR} ?[-/.年년] ?\d{1,2} ?[-/.月월] ?\d{1,2}`,
  // 14.03.1985, 3/14/85
  String.raw`\d{1,2} ?[-/.] ?\d{1,2} ?[-/.] ?(?:${YEAR}|\d{2})(?!\d)`,
  // 昭和60年3月14日, S60.3.14
  String.raw`(?:大正|昭和|平成|令和|[TSHR]) ?\d{1,2} ?[年./-] ?\d{1,2} ?[月./-] ?\d{1,2}`,
  // 14 March 1985, 14th of March, 1985, 14 de marzo de 1985, 14. Mai 1985
  String.raw`\d{1,2}(?:st|nd|rd|th|er|[.o°])?${OF} ?\p{L}{3,12}\.?,?${OF} ?${YEAR}`,
  // March 14, 1985, Mar-14-1985
  String.raw`\p{L}{3,12}[. -]{1,2}\d{1,2}(?:st|nd|rd|th)?,?[ -]${YEAR}`,
  // 14 Mar 85, 14-Mar-85
  String.raw`\d{1,2}[. -]{1,2}\p{L}{3,12}[. -]{1,2}'?\d{2}(?!\d)`,
  // 19850314
  String.raw`${YEAR}[01]\d[0-3]\d(?!\d)`,
].join("|")})`;

/** 6月18日, 18 June, June 18: with a label that speaks of a birthday. */
const DAY = String.raw`(?:\d{1,2} ?[月월] ?\d{1,2} ?[日일]|\d{1,2}(?:st|nd|rd|th|\.)?${OF} ?\p{L}{3,12}|\p{L}{3,12} \d{1,2}(?:st|nd|rd|th)?(?!\d))`;

const BIRTHDAY = [
  ...["birth ?day", "bday", "geburtstag", "cumplea[ñn]os", "anivers[áa]rio", "anniversaire", "compleanno"],
  ...["verjaardag", "urodziny", "födelsedag", "fødselsdag", "день рождения", "doğum günü?m?"],
  ...["誕生日", "生日", "생일"],
];
const BIRTH = [
  ...BIRTHDAY,
  ...[
    "d\\.?o\\.?b\\.?",
    "date ?_?of ?_?birth",
    "birth ?_?date",
    "birth",
    "born(?: in \\p{L}{2,20})?",
    "b\\.",
  ],
  ...["geboren", "geb\\.?", "geburtsdatum", "geboortedatum", "geboren op"],
  ...[
    "n[ée]e?(?: à \\p{L}{2,20})?",
    "date de naissance",
    "nac[ií]",
    "nacid[oa]",
    "fecha (?:de )?nac(?:imiento|\\.)?",
  ],
  ...["nasci", "nascid[oa]", "data de nasc(?:imento)?", "nat[oa](?: a \\p{L}{2,20})?", "data di nascita"],
  ...[
    "data urodzenia",
    "ur(?:odzon[ya])?\\.?",
    "född",
    "født",
    "födelsedatum",
    "fødselsdato",
    "syntymäaika",
    "syntynyt",
  ],
  ...["datum narození", "дата рождения", "дата народження", "родился", "родилась", "doğum tarihi"],
  ...["ημερομηνία γέννησης", "ngày sinh", "sinh ngày", "tanggal lahir"],
  ...["生年月日", "出生日期", "出生", "생년월일", "تاريخ الميلاد", "जन्म ?तिथि", "วันเกิด", "תאריך לידה"],
];
/** Words after the date. 生 alone ends a phrase: 平成3年12月1日生. */
const BORN_AFTER = String.raw`(?: ?日| ?일)?(?:に|の|\.| ?에)? ?(?:生まれ|うまれ|出生|생(?!산|긴|겼)|태어|生(?=$|[ 、.,)\n])|(?:in \p{L}{2,20} )?geboren|doğumlu|(?:in \p{L}{2,20} )?born|(?:is|was) my (?:d\.?o\.?b|date of birth|birth ?day|birth ?date))`;

const LABELLED = new RegExp(`${anyOf(BIRTH)}${GAP}${DATE}|${anyOf(BIRTHDAY)}${GAP}${DAY}`, "iu");
const BORN = /生|うまれ|geboren|born|birth|d\.?o\.?b|doğumlu|생|태어/iu;
const BEFORE_BORN = new RegExp(`(?<![A-Za-z])${DATE}${BORN_AFTER}`, "iu");

/** Whether the text holds a date with a word that says that somebody was born then. */
export const holdsBirthDate = (text: string): boolean =>
  LABELLED.test(text) || (BORN.test(text) && BEFORE_BORN.test(text));
