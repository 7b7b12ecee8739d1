/** Check digits of numbers that countries give to people. Each function takes the number as the country defines it. */

const weighted = (text: string, weights: readonly number[]): number =>
  weights.reduce((sum, weight, index) => sum + weight * Number(text[index]), 0);

/** Spain's DNI and NIE: eight digits and a letter. X, Y and Z stand for a first digit 0, 1 and 2. */
export function isSpanishId(id: string): boolean {
  const upper = id.toUpperCase();
  const number = upper.slice(0, 8).replace(/^[XYZ]/, (letter) => String("XYZ".indexOf(letter)));
  return "TRWAGMYFPDXBNJZSQVHLCKE"[Number(number) % 23] === upper[8];
}

const ODD_VALUES = [
  1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23,
];

/** Italy's codice fiscale: 15 letters and digits, and a letter that checks them. */
export function isCodiceFiscale(id: string): boolean {
  const upper = id.toUpperCase();
  const sum = Array.from(upper.slice(0, 15), (character, index) => {
    const value = /\d/.test(character) ? Number(character) : character.charCodeAt(0) - 65;
    return index % 2 === 0 ? (ODD_VALUES[value] ?? 0) : value;
  }).reduce((total, value) => total + value, 0);
  return String.fromCharCode(65 + (sum % 26)) === upper[15];
}

/** Brazil's CPF: nine digits, and two that check them. Eleven equal digits are never given. */
export function isCpf(id: string): boolean {
  if (/^(\d)\1{10}$/.test(id)) return false;
  const check = (length: number): number =>
    ((weighted(
      id,
      Array.from({ length }, (_, index) => length + 1 - index),
    ) *
      10) %
      11) %
    10;
  return check(9) === Number(id[9]) && check(10) === Number(id[10]);
}

/** China's resident id: 17 digits with a date of birth, and a digit or X that checks them. */
export const isChineseId = (id: string): boolean =>
  isDate(id.slice(6, 14)) &&
  "10X98765432"[weighted(id, [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]) % 11] ===
    id[17]?.toUpperCase();

/** Korea's resident registration number, 13 digits: a date of birth, and a digit for the century. */
export const isKoreanId = (id: string): boolean =>
  isDate(`${"12569".includes(id[6] ?? "") ? "19" : "20"}${id.slice(0, 6)}`);

/** France's NIR: 13 digits and a key of two. Corsica's departments 2A and 2B count as 19 and 18. */
export function isNir(id: string): boolean {
  const number = id.slice(0, 13).toUpperCase().replace("2A", "19").replace("2B", "18");
  return 97n - (BigInt(number) % 97n) === BigInt(id.slice(13));
}

/** Chile's RUT: seven or eight digits, and a digit or K that checks them. */
export function isRut(id: string): boolean {
  const sum = Array.from(id.slice(0, -1))
    .reverse()
    .reduce((total, digit, index) => total + Number(digit) * ((index % 6) + 2), 0);
  return "0K987654321"[sum % 11] === id.slice(-1).toUpperCase();
}

/** Taiwan's id: a letter and nine digits. */
export function isTaiwaneseId(id: string): boolean {
  const value = "ABCDEFGHJKLMNPQRSTUVXYWZIO".indexOf(id[0]?.toUpperCase() ?? "") + 10;
  const sum = Math.trunc(value / 10) + (value % 10) * 9 + weighted(id.slice(1), [8, 7, 6, 5, 4, 3, 2, 1, 1]);
  return sum % 10 === 0;
}

/** Mexico's CURP has a date of birth in its letters and digits. */
export const isCurp = (id: string): boolean => isDate(`19${id.slice(4, 10)}`);

/** Whether eight digits are a date between 1900 and 2099. */
function isDate(digits: string): boolean {
  const [year = 0, month = 0, day = 0] = [digits.slice(0, 4), digits.slice(4, 6), digits.slice(6, 8)].map(
    Number,
  );
  return year >= 1900 && year < 2100 && month >= 1 && month <= 12 && day >= 1 && day <= 31;
}
