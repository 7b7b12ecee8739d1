import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import type { Express, Request, Response } from "express";
import { AppError } from "../../core/protocol/errors.ts";
import { projectFile } from "./project-file.ts";

const BUNDLE = projectFile("build/web");

const CONTENT_TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

const ENCODINGS = [
  { name: "br", suffix: ".br" },
  { name: "gzip", suffix: ".gz" },
] as const;

/** The page loads our files and calls our origin. No inline script or style, nobody's frame, and no text becomes code. */
const CONTENT_POLICY = [
  "default-src 'none'",
  ...["script-src", "style-src", "img-src", "connect-src", "manifest-src", "form-action"].map(
    (directive) => `${directive} 'self'`,
  ),
  "base-uri 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

const SHELL = "pages/shell/index.tsx";
/** What pages of a sponsor have around them. */
const SPONSOR = "pages/sponsor/index.tsx";

/** The addresses that the page answers, and the modules that each of them needs besides the page's own. */
export const PAGES: { address: RegExp; modules: string[] }[] = [
  { address: /^\/approvals\/[\w-]{1,200}$/, modules: ["pages/approval/index.tsx"] },
  { address: /^\/(agents)?$/, modules: [SHELL, "pages/agents/index.tsx"] },
  { address: /^\/agents\/[\w-]{1,200}$/, modules: [SHELL, "pages/agent/index.tsx"] },
  { address: /^\/payments$/, modules: [SHELL, "pages/payments/index.tsx"] },
  { address: /^\/activity$/, modules: [SHELL, "pages/activity/index.tsx"] },
  { address: /^\/data$/, modules: [SHELL, "pages/data/index.tsx"] },
  { address: /^\/consents$/, modules: [SHELL, "pages/consents/index.tsx"] },
  { address: /^\/tasks\/[\w-]{1,200}$/, modules: [SHELL, "pages/task/index.tsx"] },
  { address: /^\/connect$/, modules: [SHELL, "pages/connect/index.tsx"] },
  { address: /^\/build$/, modules: [SHELL, "pages/built-agents/index.tsx"] },
  { address: /^\/build\/[\w-]{1,200}$/, modules: [SHELL, "pages/built-agent/index.tsx"] },
  { address: /^\/settings$/, modules: [SHELL, "pages/settings/index.tsx"] },
  { address: /^\/operators$/, modules: [SHELL, "pages/operators/index.tsx"] },
  ...["campaigns", "services", "answers", "funds", "team", "webhooks"].map((page) => ({
    address: new RegExp(`^/${page}$`),
    modules: [SHELL, SPONSOR, `pages/${page}/index.tsx`],
  })),
  { address: /^\/services\/new$/, modules: [SHELL, SPONSOR, "pages/service-new/index.tsx"] },
  { address: /^\/services\/[a-z0-9._-]{2,64}$/, modules: [SHELL, SPONSOR, "pages/service/index.tsx"] },
  { address: /^\/campaigns\/new$/, modules: [SHELL, SPONSOR, "pages/campaign-builder/new.tsx"] },
  {
    address: /^\/campaigns\/[\w-]{1,200}\/edit$/,
    modules: [SHELL, SPONSOR, "pages/campaign-builder/edit.tsx"],
  },
  { address: /^\/campaigns\/[\w-]{1,200}$/, modules: [SHELL, SPONSOR, "pages/campaign/index.tsx"] },
  { address: /^\/organisations\/new$/, modules: [SHELL, "pages/sponsor/found.tsx"] },
  { address: /^\/join$/, modules: [SHELL, "pages/join/index.tsx"] },
  { address: /^\/new-password$/, modules: ["pages/new-password/index.tsx"] },
  { address: /^\/sign-in$/, modules: ["pages/sign-in/route.tsx"] },
];

interface BundledFile {
  contentType: string;
  bytes: Buffer;
  /** The same, compressed, by the encoding's name. */
  compressed: Map<string, Buffer>;
}

/** The built console, in memory. */
interface Bundle {
  files: Map<string, BundledFile>;
  page: BundledFile;
  /** For each of `PAGES`: the header that has a browser load the address's modules along with the page. */
  links: string[];
}

/**
 * The web console: one page at several addresses, and its files. They were compressed when they were built. A request
 * that isn't for them goes on to the API, as does one for a page's address that doesn't ask for HTML.
 */
export function mountConsole(app: Express, directory = BUNDLE): void {
  let bundle = readBundle(directory);
  app.use((req, res, next) => {
    if (req.method !== "GET" && req.method !== "HEAD") return next();
    const file = bundle?.files.get(req.path);
    if (file !== undefined) {
      const isHashed = req.path.startsWith("/assets/");
      res.setHeader("Cache-Control", isHashed ? "public, max-age=31536000, immutable" : "no-cache");
      return sendFile(req, res, file);
    }
    const index = PAGES.findIndex(({ address }) => address.test(req.path));
    if (index < 0) return next();
    res.vary("Accept");
    // Programs that take anything get the API's JSON, which says what to do next. Browsers name HTML.
    if (req.accepts(["json", "html"]) !== "html") return next();
    bundle ??= readBundle(directory); // it may have been built since the start
    if (bundle === undefined)
      throw new AppError("service_unavailable", {
        message: "The web console isn't built. Run `npm run build:web`. The API works without it.",
        retryAllowed: false,
      });
    sendPage(req, res, bundle, index);
  });
}

function sendPage(req: Request, res: Response, { page, links }: Bundle, index: number): void {
  res.setHeader("Content-Security-Policy", CONTENT_POLICY);
  res.setHeader("Cross-Origin-Embedder-Policy", "require-corp");
  res.setHeader("X-Frame-Options", "DENY");
  res.setHeader("Cache-Control", "no-cache");
  const link = links[index] ?? "";
  if (link !== "") res.setHeader("Link", link);
  sendFile(req, res, page);
}

function sendFile(req: Request, res: Response, { contentType, bytes, compressed }: BundledFile): void {
  const encoding = ENCODINGS.find(({ name }) => compressed.has(name) && req.acceptsEncodings(name) !== false);
  const body = (encoding && compressed.get(encoding.name)) ?? bytes;
  res.vary("Accept-Encoding");
  res.setHeader("Content-Type", contentType);
  res.setHeader("Content-Length", body.length);
  if (encoding !== undefined) res.setHeader("Content-Encoding", encoding.name);
  res.end(req.method === "HEAD" ? undefined : body);
}

/** Undefined if the console isn't built. */
function readBundle(directory: string): Bundle | undefined {
  if (!existsSync(path.join(directory, "index.html"))) return undefined;
  const files = new Map<string, BundledFile>();
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    const location = path.join(entry.parentPath, entry.name);
    const contentType = CONTENT_TYPES[path.extname(entry.name)];
    if (!entry.isFile() || contentType === undefined) continue;
    const compressed = ENCODINGS.filter(({ suffix }) => existsSync(location + suffix)).map(
      ({ name, suffix }) => [name, readFileSync(location + suffix)] as const,
    );
    files.set(`/${path.relative(directory, location).replaceAll(path.sep, "/")}`, {
      contentType,
      bytes: readFileSync(location),
      compressed: new Map(compressed),
    });
  }
  const page = files.get("/index.html");
  if (page === undefined) return undefined;
  files.delete("/index.html"); // it is a page, and has a page's headers
  return { files, page, links: linksOf(path.join(directory, ".vite/manifest.json")) };
}

/** What Vite says of a module: its file, its styles, and the modules it imports. */
type Manifest = Record<string, { file: string; css?: string[]; imports?: string[] }>;

function linksOf(manifestFile: string): string[] {
  const manifest = JSON.parse(readFileSync(manifestFile, "utf8")) as Manifest;
  const gather = (module: string, into: Set<string>): Set<string> => {
    const chunk = manifest[module];
    if (chunk === undefined || into.has(chunk.file)) return into;
    into.add(chunk.file);
    for (const css of chunk.css ?? []) into.add(css);
    for (const imported of chunk.imports ?? []) gather(imported, into);
    return into;
  };
  const ofPage = gather("index.html", new Set()); // the page itself names these
  return PAGES.map(({ modules }) => {
    const needed = modules.reduce((into, module) => gather(module, into), new Set<string>());
    return [...needed]
      .filter((file) => !ofPage.has(file))
      .map((file) =>
        // Vite loads styles with CORS; a preload without it would be thrown away.
        file.endsWith(".css")
          ? `</${file}>; rel=preload; as=style; crossorigin`
          : `</${file}>; rel=modulepreload`,
      )
      .join(", ");
  });
}
