import type { ExpectedDataType } from "../check/expected-data-types.ts";

/**
 * Names of properties that ask for personal data, without case and separators (api.md "Consent"), and what
 * they ask for. Compared exactly: `email_verified` or `zip_file` are other things, and their values are
 * scanned anyway.
 */
const PERSONAL_NAMES: ReadonlyMap<string, ExpectedDataType> = new Map([
  ["email", "email"],
  ["mail", "email"],
  ["phone", "phone"],
  ["mobile", "phone"],
  ["firstname", "name"],
  ["lastname", "name"],
  ["fullname", "name"],
  ["street", "address"],
  ["address", "address"],
  ["postalcode", "area"],
  ["zip", "area"],
  ["region", "area"],
  ["birthdate", "birthdate"],
  ["dateofbirth", "birthdate"],
  ["ssn", "identifier"],
  ["passport", "identifier"],
  ["ip", "ip_address"],
  ["ipaddress", "ip_address"],
  ["wallet", "wallet"],
]);

/** Look-alikes of Unicode (full-width letters, invisible characters) are folded first. */
export const expectedByName = (name: string): ExpectedDataType | undefined =>
  PERSONAL_NAMES.get(
    name
      .normalize("NFKC")
      .toLowerCase()
      .replace(/[\s_.\p{Pd}\p{Cf}\p{M}]/gu, ""),
  );
