import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** A certificate of 127.0.0.1 that the test processes trust, by `trustCertificate`. */
export const TRUSTED_CERTIFICATE = {
  cert: readFileSync(fileURLToPath(new URL("certificates/trusted.pem", import.meta.url)), "utf8"),
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgSE5SlHo9vF/5nV/6
qHkx75gU0DqvQe2ATE1cs5ZGBfChRANCAATTOfT2vT2JoXvTOCDf/rd23VZrMlA0
VJApMVr2vHdZdvqtVQAxezxmbUY/SzkeBUmo8O7Aj3qqGbP6jcQb+rsv
-----END PRIVATE KEY-----
`,
};
