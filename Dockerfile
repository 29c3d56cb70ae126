# The same Node that package.json pins; both stages from images that can be replaced by mirrors.
ARG BUILD_IMAGE=node:24-bookworm-slim
ARG RUNTIME_IMAGE=node:24-bookworm-slim

FROM ${BUILD_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
RUN npm run build && npm prune --omit=dev --no-audit --no-fund

FROM ${RUNTIME_IMAGE}
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/package.json ./
COPY --from=build /app/dist ./dist
# A number, so that runAsNonRoot can be verified.
USER 65532:65532
EXPOSE 8080
# A young generation that may grow to 32 MB and more is memory that buys nothing here.
ENTRYPOINT ["node", "--max-semi-space-size=4", "dist/main.js"]
