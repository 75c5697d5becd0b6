# syntax=docker/dockerfile:1
# The gateway in production: built JavaScript, production dependencies, no shell script in between, not as root.
# It has no configuration: mount one at /etc/gatehouse/gatehouse.yaml. Development mode is refused here.
# Each step of the first stage runs in a clean folder in `.ci/image-steps`, which reads this file.
ARG NODE_IMAGE=node:24-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /build
COPY package.json package-lock.json ./
# The image brings its own Node; nothing else that is installed needs a script to run.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY src src
COPY examples examples
RUN npm run build
# The services of the example run in development mode only, and so do the optional packages, which are theirs.
RUN rm -rf dist/examples
RUN npm prune --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund

FROM ${NODE_IMAGE}
ENV NODE_ENV=production GATEHOUSE_PRODUCTION_ONLY=1
RUN mkdir -p /var/lib/gatehouse && chown node:node /var/lib/gatehouse
WORKDIR /opt/gatehouse
COPY --from=build /build/package.json ./
COPY --from=build /build/node_modules node_modules
COPY --from=build /build/dist dist
COPY bin bin
COPY LICENSE ./
USER node
VOLUME /var/lib/gatehouse
EXPOSE 8080 8081
STOPSIGNAL SIGTERM
# Asks the operators' port of the default configuration; another address goes into the variable.
ENV GATEHOUSE_HEALTH_URL=http://127.0.0.1:8081/healthz
HEALTHCHECK --interval=10s --timeout=3s --start-period=15s --retries=3 \
  CMD ["node", "-e", "fetch(process.env.GATEHOUSE_HEALTH_URL).then((reply) => process.exit(reply.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "bin/gatehouse", "start", "--config", "/etc/gatehouse/gatehouse.yaml", "--data", "/var/lib/gatehouse"]
