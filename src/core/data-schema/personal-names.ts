/**
 * Names of properties that ask for personal data, without case and separators (api.md "Consent"). Compared
 * exactly: `email_verified` or `zip_file` are other things, and their values are scanned anyway.
 */
const PERSONAL_NAMES: ReadonlySet<string> = new Set([
  "email",
  "mail",
  "phone",
  "mobile",
  "firstname",
  "lastname",
  "fullname",
  "street",
  "address",
  "postalcode",
  "zip",
  "region",
  "birthdate",
  "dateofbirth",
  "ssn",
  "passport",
  "ip",
  "ipaddress",
  "wallet",
]);

/** Look-alikes of Unicode (full-width letters, invisible characters) are folded first. */
export const isPersonalName = (name: string): boolean =>
  PERSONAL_NAMES.has(
    name
      .normalize("NFKC")
      .toLowerCase()
      .replace(/[\s_.\p{Pd}\p{Cf}\p{M}]/gu, ""),
  );
