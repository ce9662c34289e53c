# One auditor: `kwitness start` on Node 24.
#
#   docker build -t kwitness .
#   docker run --rm -v kwitness:/data kwitness init --dir /data
#   docker run -d --stop-timeout 15 -v kwitness:/data -p 4401:4401 kwitness
#
# Podman and Buildah keep the health check only with --format docker.
#
# The HTTP API listens on the container's loopback. To publish it: -e KWITNESS_API_HOST=0.0.0.0 -p 127.0.0.1:4480:4480

# The large image has a compiler: where secp256k1 comes without a binary (linux/arm64) it is built here, else signatures
# would be checked by slow JavaScript.
FROM node:24 AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY vendor ./vendor
# Optional are a second Node and Anvil, which only the development network runs. Source maps, type declarations and TypeScript
# go too: Node runs no TypeScript of packages.
RUN npm ci --omit=dev --omit=optional \
  && find node_modules -type f \( -name '*.map' -o -name '*.ts' -o -name '*.mts' -o -name '*.cts' \) -delete
COPY . ./

FROM node:24-slim
ENV NODE_ENV=production KWITNESS_DIR=/data
WORKDIR /app
COPY --from=build /app ./
# A data directory is its owner's alone; a volume takes over owner and rights from here.
RUN install -d -o node -g node -m 0700 /data
USER node
VOLUME /data
EXPOSE 4401
# 200 while it can take bills that will be certified: a quorum connected, room on the disk and in the queue. Keep api.port as it is inside; map it outside.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:4480/readyz').then((r)=>{process.exitCode=r.ok?0:1},()=>{process.exitCode=1})"]
ENTRYPOINT ["node", "--max-semi-space-size=4", "node/main.js"]
CMD ["start", "--dir", "/data"]
