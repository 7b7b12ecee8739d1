import { GAP } from "./labels.ts";

/** Addresses of Japan, China, Taiwan and Korea begin with the largest unit and end with the number. Flags: `u`. */

const PREFECTURE = String.raw`(?:北海道|東京都|(?:京都|大阪)府|(?:青森|岩手|宮城|秋田|山形|福島|茨城|栃木|群馬|埼玉|千葉|神奈川|新潟|富山|石川|福井|山梨|長野|岐阜|静岡|愛知|三重|滋賀|兵庫|奈良|和歌山|鳥取|島根|岡山|広島|山口|徳島|香川|愛媛|高知|福岡|佐賀|長崎|熊本|大分|宮崎|鹿児島|沖縄)県)`;

/** Characters of place names. The particles が, を, で and は end a name. */
const IN_PREFECTURE = String.raw`[^\s\d、.,がをではにもへ「」]`;
const PLACE = String.raw`[\p{Script=Han}\p{Script=Katakana}ヶケのッっ]`;
/** 2-21-1, 1丁目1番3号, 36番地1, 1; but no quantity such as 14万人 or 5回. */
const BLOCK = String.raw`\d{1,4}(?:(?:-|丁目|条[東西]?|番町?|番地の?|号)\d{0,4}|(?![\d,.万億千百人年月日時分回件円店階歳位%つか]|か所|ヶ所|カ所))`;

const JAPANESE = [
  // With a prefecture and a municipality, a number is enough: 神奈川県横浜市中区日本大通1.
  String.raw`${PREFECTURE} ?${IN_PREFECTURE}{1,12}[市区町村] ?${IN_PREFECTURE}{1,20} ?${BLOCK}`,
  // Without a prefecture, the number has to be one of blocks: 渋谷区渋谷2-21-1, 仙台市青葉区片平2丁目.
  String.raw`${PLACE}{1,8}[市区町村郡]${PLACE}{1,16} ?\d{1,4}(?:-\d{1,4}-\d|丁目 ?\d|番地?\d|番\d{1,4}号|条[東西南北]?\d{1,2}丁目)`,
  String.raw`(?:住所|送付先|お?届け先|所在地|居住地)${GAP}[^\n]{0,20}[都道府県市区町村郡](?=[^\n]{0,20}\d)`,
  String.raw`(?:住所|送付先|お?届け先)${GAP}${PREFECTURE}`,
];
const JAPANESE_ADDRESS = new RegExp(JAPANESE.join("|"), "u");

const BLOCKS = new RegExp(
  [
    // 北京市朝阳区建国路88号, 台北市信義區信義路五段7號
    String.raw`[市区县區縣]\p{Script=Han}{1,10}(?:路|街|大道|道|巷|弄|胡同)(?:[\p{Script=Han}\d]段)? ?\d{1,5} ?[号號弄]`,
    String.raw`(?:地址|住址)${GAP}[^\n]{0,30}\d`,
    // 서울특별시 강남구 테헤란로 152
    String.raw`[시도구군] ?\p{Script=Hangul}{1,10}(?:로|길)(?: ?\d{1,3}번?길)? ?\d{1,4}(?![\d,.]|번째|곳|명|원|개|년|월|일|시|분|위|점|%)`,
    String.raw`주소${GAP}[^\n]{0,40}\d`,
  ].join("|"),
  "u",
);

/** Whether the text holds an address as it is written in Japan, China, Taiwan or Korea. */
export const holdsEastAsianAddress = (text: string): boolean =>
  /[\p{Script=Han}\p{Script=Hangul}]/u.test(text) && (JAPANESE_ADDRESS.test(text) || BLOCKS.test(text));
