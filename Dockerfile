# syntax=docker/dockerfile:1

# The image runs compiled servers: no sources, no compiler and no development packages are in it
# (docs/decisions/compiled-servers.md).

# Debian 12: anvil, the sandbox's chain, needs glibc 2.35.
FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Packages' own scripts don't run: none is needed. The sandbox makes the links that PostgreSQL's binaries lack.
# Not `npm ci`: it demands the optional packages of every platform in the lock file. The versions are the lock file's
# all the same.
RUN npm install --ignore-scripts --no-save --no-audit --no-fund
COPY prisma.config.ts tsconfig.json ./
COPY prisma ./prisma
COPY src ./src
COPY scripts/build-once.mjs scripts/build-server.mjs ./scripts/
RUN npx prisma generate && npm run build
# Prisma's client has its command line as an optional peer, so pruning alone would leave that, and 200 MB with it.
RUN npm pkg delete devDependencies.prisma \
 && npm prune --omit=dev --ignore-scripts --no-audit --no-fund

# The web console's bundle. Only what a browser loads leaves this stage.
FROM node:24-bookworm-slim AS web
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm install --ignore-scripts --no-save --no-audit --no-fund
COPY src/web ./src/web
COPY scripts/build-once.mjs scripts/build-web.mjs ./scripts/
RUN npm run build:web

FROM node:24-bookworm-slim
ENV NODE_ENV=production \
    HOST=0.0.0.0 \
    PORT=3000 \
    TOLLFREE_DATA_DIR=/data
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist/server ./dist/server
COPY --from=web /app/build/web ./build/web
COPY vendor ./vendor
COPY openapi ./openapi
COPY prisma/migrations ./prisma/migrations
# Only the sandbox keeps anything here.
RUN install -d -o node -g node /data
VOLUME /data
USER node
EXPOSE 3000
# Alive, not ready: a load balancer asks /readyz.
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.PORT + '/healthz').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# Node itself is process 1 and gets SIGTERM: it stops being ready, answers what is in flight, and exits with 0. The
# server brings the database up to date before it listens, one replica at a time.
CMD ["node", "dist/server/main.js"]
