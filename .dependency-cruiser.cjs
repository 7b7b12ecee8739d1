// The rooms of docs/architecture.md as rules: http → api → core ← platform, and app, which builds everything.
// Type-only imports count, also for cycles: two files that need each other's types are one file, or three.

const GENERATED_CLIENT = "^src/platform/generated/";
/** The files that talk to the database: every noun's store, and the platform. */
const STORE = "^src/core/.+/(store|[a-z-]+-store)\\.ts$";

/** The areas of core, and which other areas each may import. Arrows go one way only. */
const AREAS = {
  access: [],
  "personal-data": ["access"],
  money: ["access"],
  sponsorship: ["money", "personal-data", "access"],
  runs: ["sponsorship", "money", "personal-data", "access"],
  discovery: ["money", "access"],
  observability: [],
  webhooks: ["access"],
  // What an operator sees of the whole server.
  operations: ["money", "access", "observability"],
  // What a person sees and does over everything that is theirs.
  account: ["runs", "discovery", "sponsorship", "money", "personal-data", "access", "observability"],
};
/** What every area may import: who acts and with what (context), what all calls share, and the ports. */
const CORE_GROUND = "^src/core/(context\\.ts$|protocol/|ports/)";
/** The files of the ground that other rooms may import; its folders have doors. */
const CORE_ROOT = "^src/core/(context|protocol/[^/]+|ports/[^/]+)\\.ts$";
/** A noun's one door. */
const CORE_DOOR = "^src/core/[^/]+/[^/]+/index\\.ts$";

/** The groups of src/api, and which other groups each may import. `router.ts` stands above them. */
const API_GROUPS = {
  operation: [],
  response: ["operation"],
  procedure: ["response", "operation"],
  openapi: ["response", "operation"],
  routers: ["procedure", "response", "operation"],
  mcp: ["response", "operation"],
};
/** The groups of src/http: what all requests need below, transports and single routes above. */
const HTTP_GROUPS = {
  request: [],
  transport: ["request"],
  routes: ["request"],
  mcp: ["request", "transport"],
};

const npm = (...names) => `node_modules/(${names.join("|")})/`;
const forbid = (name, comment, from, to) => ({ name, severity: "error", comment, from, to });

/** One rule for each group of a room: it imports itself, what its table names, and nothing else of the room. */
const oneWay = (room, groups) =>
  Object.entries(groups).map(([group, allowed]) =>
    forbid(
      `${room.split("/").at(-1)}-${group}-arrows-go-one-way`,
      `${group} may import ${allowed.join(", ") || "no other group"}.`,
      { path: `^${room}/${group}/` },
      {
        path: `^${room}/(${Object.keys(groups).join("|")})/`,
        pathNot: [group, ...allowed].map((name) => `^${room}/${name}/`),
      },
    ),
  );

/** @type {import("dependency-cruiser").IConfiguration} */
module.exports = {
  forbidden: [
    forbid(
      "no-cycles",
      "What imports each other can't be understood, or tested, alone.",
      {},
      { circular: true },
    ),
    forbid(
      "no-orphans",
      "Nothing imports this file, and it isn't an entry: it is dead.",
      {
        orphan: true,
        pathNot:
          "^src/(main|demo/main|client/index|app/compute/program)\\.ts$|^src/web/main\\.tsx$|\\.d\\.ts$|^scripts/",
      },
      {},
    ),
    forbid("resolvable", "The import leads nowhere.", {}, { couldNotResolve: true }),
    forbid(
      "declared-packages",
      "A package that package.json doesn't name is there by accident.",
      {},
      { dependencyTypes: ["npm-no-pkg", "npm-unknown"] },
    ),
    forbid(
      "no-dev-packages-at-run-time",
      "Production installs don't have devDependencies.",
      { path: "^src/", pathNot: "^src/web/" }, // the console's are in its bundle
      { dependencyTypes: ["npm-dev"], dependencyTypesNot: ["type-only"] },
    ),
    forbid(
      "src-stands-alone",
      "Only src is deployed.",
      { path: "^src/" },
      { path: "^(test|scripts|bench)/" },
    ),

    // http: Express, headers, bytes. No rules, no database.
    forbid(
      "http-knows-api-and-core-basics",
      "HTTP serves the api's procedures; of core it knows errors and the like, of nouns at most types.",
      { path: "^src/http/" },
      { path: "^src/", pathNot: ["^src/(http|api)/", CORE_ROOT], dependencyTypesNot: ["type-only"] },
    ),
    forbid(
      "http-types-from-nouns-through-doors",
      "Types too come through a noun's door; the platform and app stay unknown.",
      { path: "^src/http/" },
      { path: "^src/", pathNot: ["^src/(http|api)/", CORE_ROOT, CORE_DOOR] },
    ),
    forbid(
      "express-only-in-http",
      "Express is how we are reached, not what we do. (The sandbox's upstreams are programs of their own.)",
      { path: "^src/", pathNot: "^src/(http|app|sandbox|demo)/" },
      { path: npm("express") },
    ),

    // api: who may call, limits, audit, shape.
    forbid(
      "api-knows-core-through-doors",
      "A router calls a noun's verbs through its index.ts; adapters reach it as ports.",
      { path: "^src/api/" },
      { path: "^src/", pathNot: ["^src/api/", CORE_ROOT, CORE_DOOR] },
    ),

    ...oneWay("src/api", API_GROUPS),
    ...oneWay("src/http", HTTP_GROUPS),

    // core: the domain.
    ...oneWay("src/core", AREAS),
    forbid(
      "areas-are-named",
      "A new area goes into the table above, with what it may import.",
      { path: "^src/core/" },
      { path: "^src/core/", pathNot: [CORE_GROUND, `^src/core/(${Object.keys(AREAS).join("|")})/`] },
    ),
    forbid(
      "ground-imports-no-area",
      "What all calls share can't depend on what one of them does.",
      { path: CORE_GROUND },
      { path: "^src/core/", pathNot: CORE_GROUND },
    ),
    forbid(
      "ports-import-only-ports",
      "A port says what the outside does for us, in types of its own.",
      { path: "^src/core/ports/" },
      { path: "^src/core/", pathNot: "^src/core/ports/" },
    ),
    forbid(
      "protocol-needs-no-context",
      "Errors, fields and limits are the same whoever calls.",
      { path: "^src/core/protocol/" },
      { path: "^src/core/context\\.ts$" },
    ),
    forbid(
      "core-knows-no-other-room",
      "The domain calls ports; who implements them is app's business. The generated client has its own rule.",
      { path: "^src/core/" },
      { path: "^src/", pathNot: ["^src/core/", GENERATED_CLIENT] },
    ),
    forbid(
      "core-has-no-transport-and-no-environment",
      "No Express, tRPC, drivers, network or environment in the domain; types of them may describe a port.",
      { path: "^src/core/" },
      {
        path: [
          npm(
            "express",
            "@trpc/[^/]+",
            "trpc-to-openapi",
            "@prisma/[^/]+",
            "pg",
            "ioredis",
            "undici",
            "@x402/[^/]+",
            "pino",
          ),
          "^(node:)?(process|http|https|http2|net|tls|dns|fs|child_process)(/|$)",
        ],
        dependencyTypesNot: ["type-only"],
      },
    ),
    forbid(
      "nouns-use-each-other-through-doors",
      "index.ts is a noun's one explicit door.",
      { path: "^src/core/([^/]+)/([^/]+)/" },
      { path: "^src/core/[^/]+/[^/]+/", pathNot: ["^src/core/$1/$2/", CORE_DOOR] },
    ),
    forbid(
      "core-root-uses-doors",
      "The same for the files of the ground.",
      { path: CORE_ROOT },
      { path: "^src/core/[^/]+/[^/]+/", pathNot: CORE_DOOR },
    ),

    // The database.
    forbid(
      "only-stores-touch-the-database",
      "All queries of a noun are in its store.ts. ports/database.ts names the client's type for all others.",
      { path: "^src/", pathNot: ["^src/platform/", STORE, "^src/core/ports/database\\.ts$"] },
      { path: [GENERATED_CLIENT, npm("@prisma/[^/]+")] },
    ),
    forbid(
      "ports-only-name-the-client",
      "A port is a type.",
      { path: "^src/core/ports/database\\.ts$" },
      { path: GENERATED_CLIENT, dependencyTypesNot: ["type-only"] },
    ),

    // platform: adapters.
    forbid(
      "platform-implements-ports",
      "An adapter knows the types it implements, the errors it may throw and how to trace, never the domain's verbs.",
      { path: "^src/platform/" },
      {
        path: "^src/",
        pathNot: [
          "^src/platform/",
          "^src/core/ports/",
          "^src/core/protocol/(errors|invisible-text|object-schema|token-prefix)\\.ts$",
        ],
        dependencyTypesNot: ["type-only"],
      },
    ),
    forbid(
      "platform-types-come-from-core",
      "Types it implements are core's.",
      { path: "^src/platform/" },
      { path: "^src/", pathNot: ["^src/platform/", CORE_ROOT, CORE_DOOR] },
    ),

    // web: the console in the browser.
    forbid(
      "web-takes-types-from-api",
      "The console knows the types of the procedures it calls, and none of the server's code.",
      { path: "^src/web/" },
      { path: "^src/", pathNot: "^src/web/", dependencyTypesNot: ["type-only"] },
    ),
    forbid(
      "web-knows-only-api",
      "The api's types bring all others with them.",
      { path: "^src/web/" },
      { path: "^src/", pathNot: "^src/(web|api)/" },
    ),
    forbid(
      "nobody-imports-web",
      "The server sends the console's bundle; it never runs its code.",
      { path: "^src/", pathNot: "^src/web/" },
      { path: "^src/web/" },
    ),
    forbid(
      "web-parts-know-no-pages",
      "Components, words and data serve every page.",
      { path: "^src/web/(ui|words|data)/" },
      { path: "^src/web/pages/" },
    ),
    forbid(
      "web-component-library-behind-ui",
      "A page knows our components, not the library behind one of them.",
      { path: "^src/web/", pathNot: "^src/web/ui/" },
      { path: npm("@base-ui/[^/]+") },
    ),

    // app: builds everything.
    forbid(
      "only-entries-import-app",
      "app knows every other room; only what starts the process may import it.",
      { path: "^src/", pathNot: "^src/(app|demo)/|^src/main\\.ts$" },
      { path: "^src/app/" },
    ),
    forbid(
      "only-app-starts-the-sandbox",
      "A server of production runs without any of it.",
      { path: "^src/", pathNot: "^src/sandbox/|^src/(app/start|main)\\.ts$" },
      { path: "^src/sandbox/" },
    ),
    forbid(
      "sandbox-knows-core",
      "The sandbox runs what Tollfree needs outside of itself, seeds the demo through core's doors, and answers with a page.",
      { path: "^src/sandbox/" },
      { path: "^src/", pathNot: ["^src/(sandbox|http/request)/", CORE_ROOT, CORE_DOOR] },
    ),
    forbid(
      "demo-lives-outside",
      "The demo's agent finds its way with what any agent gets: HTTP.",
      { path: "^src/demo/" },
      { path: "^src/", pathNot: "^src/(demo|app|client)/" },
    ),
    forbid(
      "client-takes-one-type",
      "The published client needs the router's type and none of the server's code.",
      { path: "^src/client/" },
      { path: "^src/", pathNot: ["^src/client/"], dependencyTypesNot: ["type-only"] },
    ),
    forbid(
      "client-takes-only-the-router",
      "The router's type brings all others with it.",
      { path: "^src/client/" },
      { path: "^src/", pathNot: ["^src/client/", "^src/api/router\\.ts$"] },
    ),
  ],
  options: {
    tsConfig: { fileName: "tsconfig.json" },
    tsPreCompilationDeps: true, // type-only imports as well
    doNotFollow: { path: ["node_modules", GENERATED_CLIENT] },
    enhancedResolveOptions: {
      extensions: [".ts", ".tsx", ".js", ".mjs", ".cjs", ".json", ".d.ts"],
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "default", "types"],
    },
  },
};
