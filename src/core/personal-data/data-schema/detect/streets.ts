import { allMatches } from "./all-matches.ts";
import { anyOf } from "./labels.ts";

/** Streets with their numbers, and postal codes as they stand in addresses. Every repetition has a bound. */

const NUMBER = String.raw`\d{1,5}(?:[/-]\d{1,4})?(?:[A-Za-z](?![A-Za-z]))?`;
const NUMBER_AFTER = String.raw`\d{1,4}(?:[/-]\d{1,4})?(?: ?[a-z](?![\p{L}\d]))?(?! ?[%€$£°]|[\d.,]\d)`;
/** A word of a street's name. Names begin with a capital, so that "3 steps down the road" isn't one. */
const NAME = String.raw`(?:(?:[dl]['’])?\p{Lu}[\p{L}'’.-]{0,20}|de|del|della|delle|dei|di|du|des|da|das|do|dos|la|las|los|le|les|el|of|the|van|der|den|von|und|e|y|et|\d{1,3}(?:st|nd|rd|th))`;
const NAMES = String.raw`${NAME}(?: ${NAME}){0,5}`;

const ENGLISH = String.raw`${NUMBER},? (?:${NAME} ){0,4}${NAME},? ?(?:St(?:reet)?|Ave(?:nue)?|Rd|Road|Blvd|Boulevard|Lane|Ln|Drive|Dr|Court|Ct|Place|Pl|Terrace|Parkway|Pkwy|Highway|Hwy|Way|Square|Sq|Close|Crescent|Gardens|Grove|Mews|Row|Hill|Circle|Cir|Trail|Quay|Loop|Plaza|Walk|Alley)(?![\p{L}])\.?`;
const FRENCH = String.raw`\d{1,4}(?: ?(?:bis|ter|quater))?,? (?:[Rr]ue|[Aa]venue|[Aa]v\.?|[Bb]d\.?|[Bb]oulevard|[Pp]lace|[Cc]hemin|[Aa]llée|[Ii]mpasse|[Qq]uai|[Cc]ours|[Rr]oute) ${NAMES}(?:-\p{Lu}[\p{L}-]{1,20})?`;
/** The kind of street stands before its name: Calle Mayor 25, rue de la Loi 16, Via Roma 10, ul. Długa 4. */
const ROMANCE = String.raw`(?:[Rr]ue|[Cc]alle|[Cc]\/|[Aa]vda\.?|[Aa]venida|[Aa]v\.|[Pp]aseo|[Pp]laza|[Cc]arrer|[Rr]ua|[Tt]ravessa|[Ll]argo|[Pp]raça|[Aa]lameda|[Ee]strada|[Vv]ia|[Vv]iale|[Cc]orso|[Pp]iazza|[Vv]icolo|[Uu]l\.|[Aa]l\.|[Jj]alan|[Jj]l\.) ?${NAMES},? ?(?:n[.o°º]{0,2} ?)?`;
/** The kind of street ends its name: Schillerstr. 48a, Lindenallee 7, Keizersgracht 123, Drottninggatan 45. */
const GERMANIC = String.raw`(?:\p{Lu}[\p{L}-]{1,30}(?:str(?:aße|asse|\.)|weg|allee|platz|gasse|ring|damm|ufer|markt|straat|laan|plein|gracht|kade|gatan|vägen|gade|vej|veien|gate)|\p{Lu}[\p{L}.-]{1,20} (?:Straße|Strasse|Str\.|Allee|Platz|Gasse|Weg|Ring|Damm)|(?:Am|Im|Auf dem|An der|Zum|Zur|Unter den) \p{Lu}[\p{L}-]{1,20}) `;
const RUSSIAN = String.raw`(?:\p{Lu}\p{L}{2,20} (?:улица|проспект|переулок|набережная)|(?:ул\.|улица|пр\.|просп\.|проспект|пер\.|переулок|наб\.) ?${NAMES}),? ?(?:д\.|дом)? ?`;
const INDIAN = String.raw`[A-Z]-?\d{1,4},(?: [\p{L}.-]{2,20}){0,3} (?:Nagar|Colony|Marg|Sector|Layout|Vihar|Enclave|Road)|(?:Flat|House|H\.? ?No\.?|Plot|Door No\.?) ?(?:No\.? ?)?\d[\d/-]{0,10}[A-Z]?,(?: [\p{L}.-]{2,20}){1,6}`;

const UNATTACHED = String.raw`(?<![A-Za-z\u00c0-\u024f\d.,/$€£-])`;
/** Streets with their numbers. */
const STREETS = [
  String.raw`(?=\d)${UNATTACHED}(?:${ENGLISH}|${FRENCH})`,
  String.raw`${UNATTACHED}(?:${ROMANCE})${NUMBER_AFTER}`,
  String.raw`${UNATTACHED}(?:${GERMANIC})${NUMBER_AFTER}`,
  String.raw`${UNATTACHED}(?:${RUSSIAN})${NUMBER_AFTER}`,
  String.raw`(?=[A-Z])${UNATTACHED}(?:${INDIAN})`,
].map((expression) => new RegExp(expression, "gu"));

export const streetsIn = (text: string): RegExpExecArray[] =>
  STREETS.flatMap((expression) => allMatches(text, expression));

const STATE = String.raw`(?:A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|PA|RI|S[CD]|T[NX]|UT|V[AT]|W[AIVY])`;
const CANADIAN = String.raw`[ABCEGHJ-NPRSTVXY]\d[ABCEGHJ-NPRSTV-Z] ?\d[ABCEGHJ-NPRSTV-Z]\d`;
const UK_AREA = String.raw`(?:A[BL]|B[ABDHLNRST]?|C[ABFHMORTVW]|D[ADEGHLNTY]|E[CHNX]?|F[KY]|G[LUY]?|H[ADGPRSUX]|I[GMPV]|JE|K[ATWY]|L[ADELNSU]?|M[EKL]?|N[EGNPRW]?|O[LX]|P[AEHLOR]|R[GHM]|S[AEGKLMNOPRSTWY]?|T[ADFNQRSW]|UB|W[ACDFNRSV]?|YO|ZE)`;
const BRITISH = String.raw`(?<![\p{L}\d.-])${UK_AREA}\d[A-Z\d]? \d(?!GB|TB)[ABD-HJLNP-UW-Z]{2}(?![\p{L}\d])`;

/** Postal codes that are an address by themselves: few other texts look like them. */
export const POSTCODES = new RegExp(
  [
    BRITISH,
    // Springfield, IL 62704
    String.raw`\p{Lu}\p{L}{2,20},? ${STATE},? \d{5}(?:-\d{4})?(?![\d,.]\d|\d)`,
    String.raw`(?<![\p{L}\d])(?:AB|BC|MB|NB|NL|NS|ON|PE|QC|SK),? ${CANADIAN}(?![\p{L}\d])`,
    String.raw`(?<![\p{L}\d])(?:VIC|NSW|QLD|TAS),? \d{4}(?!\d)`,
    // Dublin 2, D02 VX88
    String.raw`(?<![\p{L}\d])[ACDEFHKNPRTVWXY]\d[\dW] (?=\d{0,3}[A-Z])(?=[A-Z]{0,3}\d)[ACDEFHKNPRTVWXY\d]{4}(?![\p{L}\d])`,
    String.raw`(?<![\p{L}])P\.? ?O\.? ?[Bb]ox \d{1,6}`,
    String.raw`${anyOf(["cep", "c\\.p\\."])} ?:? ?\d{5}(?:-\d{3})?`,
  ].join("|"),
  "u",
);

/** A postal code and a town, as they follow a street: ", 10115 Berlin", " - 06000 Nice", ", 1015 CJ Amsterdam". */
export const POSTCODE_BEFORE_CITY = new RegExp(
  [
    String.raw`^[^\n]{0,30}?(?<![\d.])(?:[A-Z]{1,2}-)?(?:\d{5}-\d{3}|\d{2}-\d{3}|\d{4}-\d{3}|\d{3} \d{2}|\d{4} [A-Z]{2}|\d{4,6})(?:,? \p{Lu}\p{L}|$)`,
    String.raw`^[^\n]{0,40}?(?:${CANADIAN}|\d{5}-\d{3}|\d{5}-\d{4}|\d{6}(?!\d))`,
    String.raw`^[^\n]{0,30}?(?:кв\.|apt|unit|esq|dto)\.? ?\d`,
    String.raw`^[^\n]{0,40}?\p{Lu}\p{L}{3,20} \d{5}(?:-\d{4})?(?![\d.,]\d|\d)`,
    String.raw`^[^\n]{0,30}?(?<![\p{L}])${STATE} \d{5}(?!\d)`,
  ].join("|"),
  "u",
);
