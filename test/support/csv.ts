/** Parses CSV (RFC 4180), with or without a byte order mark. @throws Error with the position of what is no CSV */
export function parseCsv(text: string): string[][] {
  const csv = text.replace(/^\ufeff/, "");
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/y;
  const records: string[][] = [];
  for (let record: string[] = []; cell.lastIndex < csv.length;) {
    const at = cell.lastIndex;
    const match = cell.exec(csv);
    if (match === null) throw new Error(`not CSV at ${at}: ${csv.slice(at, at + 40)}`);
    record.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? "");
    if (match[3] === ",") continue;
    records.push(record);
    record = [];
  }
  return records;
}
