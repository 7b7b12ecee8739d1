import type { Express } from "express";
import { serveGet } from "../request/serve-get.ts";
import { projectFile } from "./project-file.ts";

const SCALAR = projectFile("vendor/scalar-api-reference.js");

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

/** These settings stop requests to other servers: no fonts, no telemetry, no proxy. */
const START = `Scalar.createApiReference("#reference", {
  url: "/openapi.json",
  withDefaultFonts: false,
  telemetry: false,
  showDeveloperTools: "never",
  hideClientButton: true,
  agent: { disabled: true },
});
`;

/** Scalar needs inline styles. Its only script is the one that we serve. */
const CONTENT_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'; frame-ancestors 'none'";

/**
 * `/docs`: the API reference for people. Scalar renders our OpenAPI document, and we serve Scalar ourselves.
 */
export function mountApiReference(app: Express): void {
  serveGet(app, "/docs", (_req, res) => {
    res.set("Content-Security-Policy", CONTENT_POLICY).type("html").send(PAGE);
  });
  serveGet(app, "/docs/start.js", (_req, res) => {
    res.type("text/javascript").send(START);
  });
  serveGet(app, "/docs/scalar.js", (_req, res, next) => {
    res.sendFile(SCALAR, { maxAge: "1d" }, (error) => {
      // If headers were sent, the browser disconnected in the middle. That is not an error.
      if (error !== undefined && !res.headersSent) next(error);
    });
  });
}
