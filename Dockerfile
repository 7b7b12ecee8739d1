# syntax=docker/dockerfile:1

# One way of running everywhere: the image runs the sources through tsx, as `npm start` does. Compiling beforehand would
# save a second of each start and 60 MB of memory, and be a second thing to test; the sandbox's own processes need the
# sources anyway.

# Debian 12: anvil, the sandbox's chain, needs glibc 2.35.
FROM node:20-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc prisma.config.ts ./
COPY prisma ./prisma
# Not `npm ci`: it demands the optional packages of every platform in the lock file. The versions are the lock file's
# all the same. Prisma's command line only generates the client (200 MB for that, so it goes again).
RUN npm install --omit=dev --no-save --no-audit --no-fund \
 && npm pkg delete dependencies.prisma scripts.prepare \
 && npm prune --omit=dev --ignore-scripts --no-audit --no-fund

FROM node:20-bookworm-slim
ENV NODE_ENV=production \
    HOST=0.0.0.0 \
    PORT=3000 \
    TOLLFREE_DATA_DIR=/data
WORKDIR /app
COPY --from=dependencies /app/package.json ./
COPY --from=dependencies /app/node_modules ./node_modules
COPY src ./src
COPY --from=dependencies /app/src/platform/generated ./src/platform/generated
COPY vendor ./vendor
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
CMD ["node", "--import", "tsx", "src/main.ts"]
