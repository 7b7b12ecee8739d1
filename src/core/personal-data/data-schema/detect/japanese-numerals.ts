/** Digits as they are written one by one: 〇九〇. */
const DIGITS = "〇一二三四五六七八九";
const digitOf = (character: string): string => String(DIGITS.indexOf(character));

/** 〇九〇-一二三四, 一九八〇年: three or more digits of numbers in groups. */
const WRITTEN_OUT = /[〇一二三四五六七八九]{2,20}(?=(?:[ー\p{Pd}][〇一二三四五六七八九]{2,20}){1,4}|年)/gu;
const NEXT_GROUP = /(?<=\d[ー\p{Pd}])[〇一二三四五六七八九]{2,20}/gu;

/** 二十三日, 五月, 二丁目, 十番: a number from 1 to 99 of a date or a block. */
const COUNTED =
  /(?<![〇一二三四五六七八九十百千万])([一二三四五六七八九]?)(十?)([一二三四五六七八九]?)(?=年|月|日|丁目|番地?|号)/gu;

/**
 * Writes the Japanese numerals of telephone numbers, dates and addresses as digits: 〇九〇ー一二三四ー五六七八 becomes
 * 090ー1234ー5678, 平成元年五月二十日 becomes 平成1年5月20日. Other numerals stay as they are.
 */
export function withDigits(text: string): string {
  if (!/[〇一二三四五六七八九十元]/.test(text)) return text;
  let digits = text.replace(WRITTEN_OUT, (run) => run.replace(/./gu, digitOf));
  // Each group is read after the group before it, so a number of four groups takes three rounds.
  for (let round = 0; round < 4; round += 1)
    digits = digits.replace(NEXT_GROUP, (run) => run.replace(/./gu, digitOf));
  return digits
    .replace(COUNTED, (run: string, tens: string, ten: string, ones: string) => {
      if (run === "") return run;
      if (ten === "") return tens === "" ? digitOf(ones) : ones === "" ? digitOf(tens) : run;
      return `${tens === "" ? "1" : digitOf(tens)}${ones === "" ? "0" : digitOf(ones)}`;
    })
    .replace(/(?<=明治|大正|昭和|平成|令和)元(?=年)/g, "1");
}
