// The rooms of architecture.md as rules: http → api → core ← platform, and app, which builds everything.
// Type-only imports count, also for cycles: two files that need each other's types are one file, or three.

const GENERATED_CLIENT = "^src/platform/generated/";
/** The files that talk to the database: every noun's store, and the platform. */
const STORE = "^src/core/.+/store\\.ts$";
/** What core offers besides its nouns: errors, money, context and so on, right under src/core. */
const CORE_ROOT = "^src/core/[^/]+\\.ts$";
/** A noun's doors: what it does, and what it needs of the outside. */
const CORE_DOOR = "^src/core/[^/]+/(index|ports)\\.ts$";

const npm = (...names) => `node_modules/(${names.join("|")})/`;
const forbid = (name, comment, from, to) => ({ name, severity: "error", comment, from, to });

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
      { orphan: true, pathNot: "^src/(main|demo/main|client/index)\\.ts$|^scripts/" },
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
      { path: "^src/" },
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
      { path: "^src/", pathNot: "^src/(http|app|demo)/" },
      { path: npm("express") },
    ),

    // api: who may call, limits, audit, shape.
    forbid(
      "api-knows-core-through-doors",
      "A router calls a noun's verbs through its index.ts; adapters reach it as ports.",
      { path: "^src/api/" },
      { path: "^src/", pathNot: ["^src/api/", CORE_ROOT, CORE_DOOR] },
    ),

    // core: the domain.
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
      "index.ts is a noun's one explicit door, ports.ts what it needs of the outside.",
      { path: "^src/core/([^/]+)/" },
      { path: "^src/core/[^/]+/", pathNot: ["^src/core/$1/", CORE_DOOR] },
    ),
    forbid(
      "core-root-uses-doors",
      "The same for what lies right under src/core.",
      { path: CORE_ROOT },
      { path: "^src/core/[^/]+/", pathNot: CORE_DOOR },
    ),

    // The database.
    forbid(
      "only-stores-touch-the-database",
      "All queries of a noun are in its store.ts. ports.ts names the client's type for everybody else.",
      { path: "^src/", pathNot: ["^src/platform/", STORE, "^src/core/ports\\.ts$"] },
      { path: [GENERATED_CLIENT, npm("@prisma/[^/]+")] },
    ),
    forbid(
      "ports-only-name-the-client",
      "A port is a type.",
      { path: "^src/core/ports\\.ts$" },
      { path: GENERATED_CLIENT, dependencyTypesNot: ["type-only"] },
    ),

    // platform: adapters.
    forbid(
      "platform-implements-ports",
      "An adapter knows the types it implements, the errors it may throw and how to trace, never the domain's verbs.",
      { path: "^src/platform/" },
      {
        path: "^src/",
        pathNot: ["^src/platform/", "^src/core/(errors|ports|span)\\.ts$"],
        dependencyTypesNot: ["type-only"],
      },
    ),
    forbid(
      "platform-types-come-from-core",
      "Types it implements are core's.",
      { path: "^src/platform/" },
      { path: "^src/", pathNot: ["^src/platform/", CORE_ROOT, CORE_DOOR] },
    ),

    // app: builds everything.
    forbid(
      "only-entries-import-app",
      "Whoever imports app knows everything; only what starts the process may.",
      { path: "^src/", pathNot: "^src/(app|demo)/|^src/main\\.ts$" },
      { path: "^src/app/" },
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
      extensions: [".ts", ".js", ".mjs", ".cjs", ".json", ".d.ts"],
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "default", "types"],
    },
  },
};
