# syntax=docker/dockerfile:1
# The image of the service: one Node, packages of production only, a user without rights, nothing written but /data and /tmp.
# docs/deployment.md says how to run it.

# The console needs the packages of development to be built, and none of them afterwards.
FROM node:24.21.0-bookworm-slim AS console
WORKDIR /app
COPY package.json package-lock.json tsconfig.json ./
COPY web/package.json web/
COPY clients/typescript/package.json clients/typescript/
RUN npm ci --ignore-scripts
COPY clients/typescript clients/typescript
COPY web web
RUN node web/build.ts

# No script is run, so that the package "node" brings no second Node along.
FROM node:24.21.0-bookworm-slim AS packages
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --workspaces=false --ignore-scripts && rm -rf node_modules/node node_modules/.bin/node

FROM node:24.21.0-bookworm-slim
ARG COMMIT=unknown
LABEL org.opencontainers.image.title="bidwarden" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.revision="${COMMIT}"
WORKDIR /app
COPY --from=packages /app/node_modules node_modules
COPY package.json LICENSE GLOSSARY.md ./
COPY bin bin
COPY src src
COPY proto proto
COPY docs/runbooks docs/runbooks
COPY --from=console /app/web/dist web/dist
# A volume that is mounted for the first time gets the owner of this folder.
RUN install --directory --owner=1000 --group=1000 --mode=700 /data node_modules/.cache/compiled
ENV NODE_ENV=production HOST=0.0.0.0 PORT=8003 DATA_DIR=/data
USER 1000:1000
# What is compiled once is read from here by the same user: the root is read-only later, and would have it compiled at each start.
RUN node bin/warm.cjs
VOLUME /data
EXPOSE 8003
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/livez`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "/app/bin/bidwarden.cjs"]
CMD ["start"]
