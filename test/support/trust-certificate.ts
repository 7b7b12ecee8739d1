import { fileURLToPath } from "node:url";

/**
 * Makes the processes of the tests trust hosts that serve https with `TRUSTED_CERTIFICATE`. Node reads the variable when a process
 * starts, so it is set before vitest starts its workers.
 */
export function trustCertificate(): void {
  process.env["NODE_EXTRA_CA_CERTS"] = fileURLToPath(new URL("certificates/trusted.pem", import.meta.url));
}
