import { fileURLToPath } from "node:url";
import type { Express } from "express";
import { serveGet } from "../request/serve-get.ts";

const SCALAR = fileURLToPath(new URL("../../../vendor/scalar-api-reference.js", import.meta.url));

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Tollfree API</title>
</head>
<body>
<div id="reference"></div>
<script src="/docs/scalar.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
`;

/** Nothing is fetched from elsewhere: no fonts, no telemetry, no proxy. */
const START = `Scalar.createApiReference("#reference", {
  url: "/openapi.json",
  withDefaultFonts: false,
  telemetry: false,
  showDeveloperTools: "never",
  hideClientButton: true,
  agent: { disabled: true },
});
`;

/** Scalar styles itself inline, and runs what it is served with: itself. */
const CONTENT_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'; frame-ancestors 'none'";

/** `/docs`: the human reference, Scalar over our own document, served locally. */
export function mountApiReference(app: Express): void {
  serveGet(app, "/docs", (_req, res) => {
    res.set("Content-Security-Policy", CONTENT_POLICY).type("html").send(PAGE);
  });
  serveGet(app, "/docs/start.js", (_req, res) => {
    res.type("text/javascript").send(START);
  });
  serveGet(app, "/docs/scalar.js", (_req, res, next) => {
    res.sendFile(SCALAR, { maxAge: "1d" }, (error) => {
      // A browser that leaves in the middle is nobody's error.
      if (error !== undefined && !res.headersSent) next(error);
    });
  });
}
